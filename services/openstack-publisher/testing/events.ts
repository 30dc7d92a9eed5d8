import { createHash, randomBytes } from 'node:crypto'
import { open, truncate, writeFile } from 'node:fs/promises'
import type { ArtifactStore } from '#artifacts/store.ts'
import { say, type SaidOf } from '#events/define.ts'
import { dropBlessed } from '#events/drop-blessed.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { seal } from '#events/envelope.ts'
import { imageConverted } from '#events/image-converted.ts'
import { imageTested } from '#events/image-tested.ts'
import { handTo, imagesWith, type Given, type Handled } from '#publishing/testing/hand-to.ts'
import type { ArtifactRef, ImagePlan, Registration } from '#events/vocabulary.ts'
import { run } from '#subprocess/run.ts'
import { openstackPublisher, type Dependencies } from '../service.ts'
import type { Bench } from './bench.ts'

const image: ImagePlan = { ...imageTested.example.image, flavour: 'generic', targets: ['mirror', 'openstack'] }
const sealed = { now: new Date(0) }

/** A raw disk and the qcow2 made of it. */
export interface Disks {
  readonly disk: ArtifactRef
  readonly qcow2: ArtifactRef
}

export async function keepDisks(artifacts: ArtifactStore): Promise<Disks> {
  await using raw = await artifacts.draft('disk.raw')
  await writeFile(raw.path, '')
  await truncate(raw.path, 8 * 1024 * 1024)
  {
    await using file = await open(raw.path, 'r+')
    await file.write(randomBytes(100_000), 0, null, 1_048_576)
  }
  await using draft = await artifacts.draft('disk.qcow2')
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw.path, draft.path])
  const qcow2 = await artifacts.keep(draft, { format: 'qcow2' })
  return { disk: await artifacts.keep(raw, { format: 'raw' }), qcow2 }
}

/** A generic image, tested and passed. */
export function tested({ disk }: Disks, change: Partial<typeof imageTested.example> = {}) {
  return seal(say(imageTested, { ...imageTested.example, image, disk, ...change }), sealed)
}

export function converted({ disk, qcow2 }: Disks) {
  return seal(say(imageConverted, { ...imageConverted.example, image, disk, artifacts: [qcow2] }), sealed)
}

export function blessed(registrations: readonly Registration[], drop = dropBlessed.example.drop) {
  return seal(say(dropBlessed, { ...dropBlessed.example, drop, images: imagesWith(image, registrations) }), sealed)
}

export function superseded(registrations: readonly Registration[]) {
  return seal(say(dropSuperseded, { ...dropSuperseded.example, images: imagesWith(image, registrations) }), sealed)
}

export function expired(registrations: readonly Registration[]) {
  return seal(say(dropExpired, { ...dropExpired.example, images: imagesWith(image, registrations) }), sealed)
}

/** The drop with one image that is on the mirror, and was uploaded nowhere or where it is said. */
export function blessedWith({ disk, qcow2 }: Disks, registrations: readonly Registration[] = []) {
  const at = new Date(0).toISOString()
  const evidence = { disk, builtAt: at, testedAt: at, console: disk, screenshot: null, accelerator: 'tcg' } as const
  const images = imagesWith(image, registrations).map((one) => ({ ...one, artifacts: [qcow2], evidence }))
  return seal(say(dropBlessed, { ...dropBlessed.example, images }), sealed)
}

/** The mirror is open and has the image at this path. */
export function mirrored({ qcow2: { sha256, size } }: Disks, path: string) {
  const files = [{ path, sha256, size, image: 'generic.x86_64' }]
  return seal(say(dropMirrored, { ...dropMirrored.example, files }), sealed)
}

type Event = Parameters<typeof openstackPublisher.handle>[0]
type Said = SaidOf<(typeof openstackPublisher.emits)[number]>

/** Hands an event to the service. */
export async function handle(
  bench: Bench & Pick<Dependencies, 'audit'>,
  event: Event,
  {
    clouds = bench.clouds,
    ...given
  }: Given<typeof imageConverted | typeof dropMirrored> & { readonly clouds?: Bench['clouds'] } = {},
): Promise<Handled<Said>> {
  return await handTo(openstackPublisher, { ...bench, clouds }, event, { folder: bench.folder, ...given })
}

/** A tested image whose conversion is there: uploads it and gives its registrations. */
export async function upload(
  bench: Bench,
  disks: Disks,
  {
    drop = imageTested.example.drop,
    ...options
  }: { signal?: AbortSignal; clouds?: Bench['clouds']; drop?: string } = {},
): Promise<readonly Registration[]> {
  const waited = { state: null, since: new Date(0), why: { event: converted(disks) } }
  const { events } = await handle(bench, tested(disks, { drop }), { ...options, waited })
  return events.flatMap((one) => (one.subject === 'image.uploaded.v1' ? one.body.registrations : []))
}

export function digestOf(bytes: Uint8Array, algorithm: string): string {
  return createHash(algorithm).update(bytes).digest('hex')
}
