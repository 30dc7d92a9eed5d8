import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ArtifactRef } from '#events/vocabulary.ts'
import { startMeteredWire, type MeteredWire } from '#test/brokers/byte-meter.ts'
import { createBucket, provideS3, s3Credentials, s3Region, type Bucket } from '#test/brokers/s3.ts'
import type { Server } from '#test/brokers/server.ts'
import { testArtifacts, type ArtifactPlace } from '../artifacts.contract.ts'
import { linkArtifact } from '../folder.ts'
import { ArtifactCorrupted, ArtifactMissing, ArtifactStoreRefused, ArtifactStoreUnavailable } from '../store.ts'
import type { ArtifactStore } from '../store.ts'
import { createS3Store } from './open.ts'
import type { S3Options } from './options.ts'

const MiB = 1024 * 1024
let server: Server
/** The first test on a machine builds the server. */
beforeAll(async () => {
  server = await provideS3()
}, 900_000)
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

interface Scene extends ArtifactPlace {
  readonly bucket: Bucket
  readonly folder: string
  open(options?: Partial<S3Options>): Promise<ArtifactStore>
  keyOf(ref: ArtifactRef): string
}

async function prepare(base: Partial<S3Options> = {}): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-s3-'))
  const bucket = await createBucket(server.url, `drops-${randomUUID()}`)
  let hosts = 0
  const open = (options: Partial<S3Options> = {}) =>
    createS3Store({
      bucket: bucket.name,
      prefix: 'artifacts/v1',
      endpoint: server.url,
      region: s3Region,
      forcePathStyle: true,
      credentials: s3Credentials,
      cacheFolder: join(folder, `host-${String(hosts++)}`),
      partBytes: 5 * MiB,
      checksums: 'supported',
      log: pino({ level: 'silent' }),
      ...base,
      ...options,
    })
  const keyOf = ({ sha256 }: ArtifactRef) => `artifacts/v1/${sha256.slice(0, 2)}/${sha256}`
  return {
    bucket,
    folder,
    store: await open(),
    open,
    elsewhere: () => open(),
    keyOf,
    replace: (ref, bytes) => bucket.overwrite(keyOf(ref), bytes, { sha256: ref.sha256 }),
    async [Symbol.asyncDispose]() {
      bucket[Symbol.dispose]()
      await rm(folder, { recursive: true })
    },
  }
}

testArtifacts('S3', () => prepare())
testArtifacts('S3 without checksums', async () => {
  const scene = await prepare({ checksums: 'required' })
  // Without a checksum that the server remembers, only an object that does not say whose bytes it has is mended.
  return { ...scene, replace: (ref, bytes) => scene.bucket.overwrite(scene.keyOf(ref), bytes) }
})

async function draftOf(store: ArtifactStore, bytes: Uint8Array) {
  const draft = await store.draft('disk.raw')
  await writeFile(draft.path, bytes)
  return draft
}

it.each(['supported', 'required'] as const)('a file of several parts comes back whole (checksums %s)', async (mode) => {
  await using scene = await prepare({ checksums: mode })
  const bytes = randomBytes(17 * MiB + 3)
  await using draft = await draftOf(scene.store, bytes)
  const ref = await scene.store.keep(draft, { format: 'raw' })
  expect(await scene.bucket.keys()).toEqual([scene.keyOf(ref)])
  expect(await scene.bucket.unfinished()).toEqual([])
  const elsewhere = await scene.elsewhere()
  expect(bytes.equals(await readFile(await elsewhere.open(ref)))).toBe(true)
})

it('what has been in the bucket for long is uploaded again when it is kept: it may be about to be removed', async () => {
  await using scene = await prepare()
  await using proxy = await startMeteredWire(server.url)
  const bytes = randomBytes(MiB)
  await using first = await draftOf(scene.store, bytes)
  const ref = await scene.store.keep(first, { format: 'raw' })
  const tomorrow = () => new Date(Date.now() + 86_400_000)
  const later = await scene.open({ endpoint: proxy.url(server.url), now: tomorrow })
  await using second = await draftOf(later, bytes)
  expect(await later.keep(second, { format: 'raw' })).toEqual(ref)
  expect(proxy.sent).toBeGreaterThan(MiB)
})

it('what is in the bucket is not uploaded again, in one part or in several', async () => {
  await using scene = await prepare()
  await using proxy = await startMeteredWire(server.url)
  const elsewhere = await scene.open({ endpoint: proxy.url(server.url) })
  for (const bytes of [randomBytes(MiB), randomBytes(11 * MiB)]) {
    await using first = await draftOf(scene.store, bytes)
    const ref = await scene.store.keep(first, { format: 'raw' })
    await using second = await draftOf(elsewhere, bytes)
    const before = proxy.sent
    expect(await elsewhere.keep(second, { format: 'raw' })).toEqual(ref)
    expect(proxy.sent - before).toBeLessThan(10_000)
  }
})

it('what was kept here is read here without the bucket, and a copy of the wrong size is fetched again', async () => {
  await using scene = await prepare()
  const ref = await scene.store.keepBytes('a copy', 'log')
  await scene.bucket.remove(scene.keyOf(ref))
  const path = await scene.store.open(ref)
  expect(await readFile(path, 'utf8')).toBe('a copy')
  await scene.bucket.overwrite(scene.keyOf(ref), 'a copy')
  await writeFile(path, 'a')
  expect(await readFile(await scene.store.open(ref), 'utf8')).toBe('a copy')
})

it('bytes that are not those of the given SHA-256 are not kept', async () => {
  await using scene = await prepare()
  await using draft = await draftOf(scene.store, Buffer.from('written'))
  await expect(scene.store.keep(draft, { format: 'raw', sha256: 'ab'.repeat(32) })).rejects.toThrow(ArtifactCorrupted)
  expect(await scene.bucket.keys()).toEqual([])
})

it('an object whose bytes changed is refused on the way in, and leaves no copy', async () => {
  await using scene = await prepare()
  const ref = await scene.store.keepBytes('will change', 'raw')
  await scene.replace(ref, 'has changed')
  const elsewhere = await scene.open({ cacheFolder: join(scene.folder, 'other') })
  await expect(elsewhere.open(ref)).rejects.toThrow(ArtifactCorrupted)
  const left = await readdir(join(scene.folder, 'other'), { recursive: true })
  expect(left.filter((name) => name.includes(ref.sha256))).toEqual([])
})

it('an upload that is aborted in the middle is taken back', async () => {
  await using scene = await prepare()
  await using proxy = await startMeteredWire(server.url)
  const store = await scene.open({ endpoint: proxy.url(server.url), concurrency: 2 })
  await using draft = await draftOf(store, randomBytes(21 * MiB))
  const stopping = new AbortController()
  const kept = store.keep(draft, { format: 'raw', signal: stopping.signal })
  await proxy.passed(7 * MiB)
  expect(await scene.bucket.unfinished()).toHaveLength(1)
  stopping.abort(new Error('cancelled by a person'))
  await expect(kept).rejects.toThrow('cancelled by a person')
  expect(await scene.bucket.unfinished()).toEqual([])
  expect(await scene.bucket.keys()).toEqual([])
  expect(existsSync(draft.path)).toBe(true)
})

it('an upload survives a connection that is cut in the middle', async () => {
  await using scene = await prepare()
  await using proxy = await startMeteredWire(server.url)
  const store = await scene.open({ endpoint: proxy.url(server.url) })
  const bytes = randomBytes(21 * MiB)
  await using draft = await draftOf(store, bytes)
  const kept = store.keep(draft, { format: 'raw' })
  await proxy.passed(7 * MiB)
  proxy.cut()
  proxy.heal()
  const ref = await kept
  await scene.store.verify(ref)
  expect(await scene.bucket.unfinished()).toEqual([])
})

it.each<[string, (proxy: MeteredWire) => Promise<void>]>([
  [
    'was cut',
    (proxy) => {
      proxy.cut()
      proxy.heal()
      return Promise.resolve()
    },
  ],
  [
    'fell silent',
    async (proxy) => {
      const before = proxy.opened
      proxy.stall()
      await expect.poll(() => proxy.opened, { timeout: 20_000 }).toBeGreaterThan(before)
      proxy.resume()
    },
  ],
])('a download goes on where the connection %s', async (_what, disturb) => {
  await using scene = await prepare()
  const bytes = randomBytes(21 * MiB)
  await using draft = await draftOf(scene.store, bytes)
  const ref = await scene.store.keep(draft, { format: 'raw' })
  await using proxy = await startMeteredWire(server.url)
  const elsewhere = await scene.open({ endpoint: proxy.url(server.url), idleDeadline: 1_000 })
  const opened = elsewhere.open(ref)
  await proxy.passed(7 * MiB)
  await disturb(proxy)
  expect(bytes.equals(await readFile(await opened))).toBe(true)
  // The second request asked for the rest only.
  expect(proxy.received).toBeLessThan(32 * MiB)
})

it.each<[string, (proxy: MeteredWire) => void]>([
  ['does not answer', (proxy) => proxy.cut()],
  ['is silent', (proxy) => proxy.stall()],
])('a store that %s is unavailable for uploads and downloads', async (_what, fail) => {
  await using scene = await prepare()
  const ref = await scene.store.keepBytes('there', 'log')
  await using proxy = await startMeteredWire(server.url)
  const store = await scene.open({ endpoint: proxy.url(server.url), attempts: 2, idleDeadline: 300 })
  fail(proxy)
  await expect(store.open(ref)).rejects.toThrow(ArtifactStoreUnavailable)
  await expect(store.keepBytes('new', 'log')).rejects.toThrow(
    `the bucket ${scene.bucket.name} at ${proxy.url(server.url)}`,
  )
  await expect(store.verify(ref)).rejects.toThrow(ArtifactStoreUnavailable)
})

it('two hosts that keep and open the same at once both have it', async () => {
  await using scene = await prepare()
  const bytes = randomBytes(11 * MiB)
  const shared = join(scene.folder, 'shared')
  const stores = await Promise.all([
    scene.open(),
    scene.open({ cacheFolder: shared }),
    scene.open({ cacheFolder: shared }),
  ])
  const refs = await Promise.all(
    stores.map(async (store) => {
      await using draft = await draftOf(store, bytes)
      return await store.keep(draft, { format: 'raw' })
    }),
  )
  expect(new Set(refs.map((ref) => ref.sha256)).size).toBe(1)
  const [ref] = refs
  if (!ref) throw new Error('nothing was kept')
  const cold = join(scene.folder, 'cold')
  const readers = await Promise.all([scene.open({ cacheFolder: cold }), scene.open({ cacheFolder: cold })])
  for (const path of await Promise.all(readers.map((store) => store.open(ref)))) {
    expect(bytes.equals(await readFile(path))).toBe(true)
  }
})

it('copies that were used longest ago make room, and those in use stay', async () => {
  await using scene = await prepare()
  const store = await scene.open({ cacheBytes: 100_000, holdFor: 60_000 })
  const refs: ArtifactRef[] = []
  for (let number = 0; number < 4; number++) {
    const ref = await store.keepBytes(randomBytes(40_000), 'raw')
    refs.push(ref)
    const age = new Date(Date.now() - 3_600_000 * (4 - number))
    if (number < 3) await utimes(await store.open(ref), age, age)
    if (number === 0) await linkArtifact(await pathOf(store, ref, age), join(scene.folder, 'in-use'))
  }
  const paths = refs.map((ref) => join(scene.folder, 'host-1', ref.sha256.slice(0, 2), ref.sha256))
  // The first has a second name, the fourth was used just now.
  expect(paths.map((path) => existsSync(path))).toEqual([true, false, false, true])
  for (const ref of refs) expect((await stat(await store.open(ref))).size).toBe(40_000)
})

async function pathOf(store: ArtifactStore, ref: ArtifactRef, used: Date): Promise<string> {
  const path = await store.open(ref)
  await utimes(path, used, used)
  return path
}

it('the drafts of dead processes are cleared at the start, and those of living ones stay', async () => {
  await using scene = await prepare()
  const cacheFolder = join(scene.folder, 'cache')
  const store = await scene.open({ cacheFolder })
  await using mine = await draftOf(store, Buffer.from('mine'))
  const dead = join(cacheFolder, 'drafts', `${hostname()}~999999999~x`)
  await mkdir(dead)
  await scene.open({ cacheFolder })
  expect(existsSync(dead)).toBe(false)
  expect(existsSync(mine.path)).toBe(true)
})

it.each<[string, Partial<S3Options>, RegExp]>([
  ['a bucket that is not there', { bucket: 'no-such-bucket' }, /no-such-bucket .*there is no such bucket/],
  ['a wrong secret', { credentials: { ...s3Credentials, secretAccessKey: 'wrong' } }, /the secret key is not that of/],
])('%s is refused with what is wrong', async (_what, options, message) => {
  await using scene = await prepare()
  const ref = await scene.store.keepBytes('there', 'log')
  const store = await scene.open(options)
  await expect(store.open(ref)).rejects.toThrow(ArtifactStoreRefused)
  await expect(store.open(ref)).rejects.toThrow(message)
  await expect(store.keepBytes('new', 'log')).rejects.toThrow(message)
})

it('parts that S3 would refuse, and prefixes that make other keys, are refused at the start', async () => {
  await using scene = await prepare()
  await expect(scene.open({ partBytes: MiB })).rejects.toThrow(
    'partBytes: S3 takes no parts of less than 5 MiB, got 1048576',
  )
  await expect(scene.open({ prefix: '/x/' })).rejects.toThrow('prefix: ')
})

it('a missing artifact is missing, whatever else is in the bucket', async () => {
  await using scene = await prepare()
  await scene.store.keepBytes('there', 'log')
  const ref = { uri: 'artifact:x', sha256: 'ab'.repeat(32), size: 1, format: 'raw' }
  await expect(scene.store.verify(ref)).rejects.toThrow(ArtifactMissing)
})
