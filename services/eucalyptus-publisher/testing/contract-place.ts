import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArtifactRef, Registration } from '#events/vocabulary.ts'
import { emulatorAccount } from '#publishing/emulator-account.ts'
import type { Call, Found, OpenPlace, PlaceDeclaration, Step } from '#publishing/testing/contract-place.ts'
import { followWaits } from '#publishing/testing/follow-waits.ts'
import { registerImage } from '../emulator/register-image.ts'
import type { ImageRecord } from '../emulator/records.ts'
import type { Account, World } from '../emulator/world.ts'
import { keepObject, readObject, removeObject } from '../emulator/objects.ts'
import { openCloud, setUp } from './bench.ts'
import { blessed, expired, handle, keepDisk, registrationsIn, superseded, tested } from './events.ts'
import { diskOf, imagesIn, objectsIn } from './look.ts'

/** Two emulated clouds, each with an account of its own for every trial. */
export const contractPlace: PlaceDeclaration = {
  start: () => Promise.resolve({ atOnce: 6, stride: 6, open, async [Symbol.asyncDispose]() {} }),
}

async function open(): Promise<OpenPlace> {
  const own: { -readonly [Key in keyof Account]: Account[Key] } = { ...emulatorAccount }
  const accounts: Account[] = [own]
  const bench = await setUp({ accounts })
  const second = await openCloud(join(bench.folder, 'second'), { accounts })
  const disk = await keepDisk(bench.artifacts, { size: 256 * 1024, data: 10_000 })
  const bytes = await readFile(await bench.artifacts.open(disk))
  const worlds = [bench.emulator.world, second.world]
  return {
    steps: ['upload', 'publish'],
    endings: ['supersede', 'expire'],
    isChange,
    async publisher(via, { two = false, clockAhead = 0, impatient = false, ...options } = {}) {
      const clouds = await bench.publisher({
        clouds: {
          one: await via(bench.emulator.url, () => 'first'),
          ...(two ? { two: await via(second.url, () => 'second') } : {}),
        },
        env: impatient ? { IMAGEDROP_EUCALYPTUS_PUBLISHER_SILENCE_SECONDS: '1' } : {},
        now: () => Date.now() + clockAhead,
      })
      return async (step, registrations, signal) => {
        const event = eventOf(step, disk, registrations)
        return registrationsIn(
          await followWaits((woken) => handle(bench, event, { ...woken, clouds, signal }), options),
        )
      }
    },
    async inventory() {
      const all = await Promise.all(worlds.map((world) => inventoryOf(world, bytes)))
      return {
        ours: all.flatMap(({ ours }) => ours),
        leftovers: all.flatMap(({ leftovers }) => leftovers),
        others: all.flatMap(({ others }) => others),
      }
    },
    async occupy() {
      // By hand, with the same account: from a bundle of ours that was put elsewhere.
      const { body } = tested(disk)
      const clouds = await bench.publisher()
      const { registrations } = await clouds.upload(
        { ...body, disk: { ...disk, path: await bench.artifacts.open(disk) } },
        {
          signal: new AbortController().signal,
          progress() {},
        },
      )
      const world = bench.emulator.world
      const location = await moveBundle(world, registrations[0]?.details['location'] ?? '')
      const asked = { Name: registrations[0]?.name ?? '', ImageLocation: location, VirtualizationType: 'hvm' }
      for (const image of imagesIn(world)) await world.images.save({ ...image, state: 'gone' })
      await registerImage(world, own, new URLSearchParams(asked))
    },
    async removeOurs() {
      for (const world of worlds) {
        for (const image of imagesIn(world).filter(isOurs)) await world.images.save({ ...image, state: 'gone' })
        for (const object of world.objects.all().filter(({ key, isGone }) => !isGone && !key.startsWith('theirs/')))
          await removeObject(world, object)
      }
    },
    refusals: {
      'its permissions are withdrawn': () => {
        own.denied = ['*']
        return Promise.resolve(() => Promise.resolve(void (own.denied = [])))
      },
      'its key has expired': () => {
        accounts.shift()
        return Promise.resolve(() => Promise.resolve(void accounts.unshift(own)))
      },
    },
    audits: {
      image: 'generic.x86_64',
      audit: (drops, how) => bench.clouds.audit(drops, { signal: AbortSignal.timeout(60_000), progress() {} }, how),
      hear: (hour, audit) => handle({ ...bench, ...(audit ? { audit } : {}) }, hour),
      async close() {
        const { world } = bench.emulator
        for (const image of imagesIn(world).filter(isOurs)) await world.images.save({ ...image, isPublic: false })
      },
    },
    async [Symbol.asyncDispose]() {
      await second.close()
      await bench[Symbol.asyncDispose]()
    },
  }
}

function isChange({ method, path, body }: Call): boolean {
  if (path.startsWith('/services/objectstorage/')) return method !== 'GET'
  return !(new URLSearchParams(body.toString('utf8')).get('Action') ?? '').startsWith('Describe')
}

function eventOf(step: Step, disk: ArtifactRef, registrations: readonly Registration[]) {
  if (step === 'upload') return tested(disk)
  return { publish: blessed, supersede: superseded, expire: expired }[step](registrations)
}

async function inventoryOf(world: World, bytes: Buffer) {
  const images = imagesIn(world)
  const ours: Found[] = []
  for (const image of images.filter(isOurs)) {
    const isWhole = (await diskOf(world, image))?.equals(bytes) === true
    ours.push({ id: image.id, isPublic: image.isPublic, isWhole })
  }
  const folders = images.map(({ location }) => location.slice(0, location.lastIndexOf('/') + 1))
  return {
    ours,
    leftovers: objectsIn(world).filter((key) => !folders.some((folder) => key.startsWith(folder))),
    others: images.filter((one) => !isOurs(one)),
  }
}

function isOurs({ location }: ImageRecord): boolean {
  return !location.includes('/theirs/')
}

async function moveBundle(world: World, location: string): Promise<string> {
  const [bucket = ''] = location.split('/')
  for (const path of objectsIn(world)) {
    const key = path.slice(bucket.length + 1)
    const found = await readObject(world, bucket, key)
    if (found === null) continue
    const { object, bytes } = found
    await keepObject(world, { ...object, key: `theirs/${key.slice(key.lastIndexOf('/') + 1)}` }, bytes)
    await removeObject(world, object)
  }
  return `${bucket}/theirs/${location.slice(location.lastIndexOf('/') + 1)}`
}
