import { mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { clearPieces, createPieceCache, listPieces } from './piece-cache.ts'

const mib = 1024 * 1024
const [one, two, three] = ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(64)] as const
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-pieces-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

it('gives what was put under a key of a kind, in another process too, and nothing else', async () => {
  const cache = createPieceCache({ folder, limit: mib })
  await cache.put('xz-6', one, Buffer.from('encoded'))
  const other = createPieceCache({ folder, limit: mib })
  expect(await other.has('xz-6', one)).toBe(true)
  expect(String(await other.get('xz-6', one))).toBe('encoded')
  expect(await other.has('xz-1', one)).toBe(false)
  expect(await other.get('xz-6', two)).toBeNull()
})

it.each([
  ['a bit is another', (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte)))],
  ['its end is missing', (bytes: Buffer) => bytes.subarray(0, 35)],
  ['it is empty', () => Buffer.alloc(0)],
])('does not give a piece when %s, and forgets it', async (_, damage) => {
  const cache = createPieceCache({ folder, limit: mib })
  await cache.put('xz-6', one, Buffer.from('encoded, as it was'))
  const [piece] = await listPieces(folder)
  const path = piece?.path ?? ''
  await writeFile(path, damage(await readFile(path)))
  expect(await cache.get('xz-6', one)).toBeNull()
  expect(await cache.has('xz-6', one)).toBe(false)
})

it('forgets those that were not used for the longest time when it is too large', async () => {
  const cache = createPieceCache({ folder, limit: 2_500 })
  for (const [age, key] of [
    [3, one],
    [2, two],
    [1, three],
  ] as const) {
    await cache.put('xz-6', key, Buffer.alloc(1_000))
    const then = new Date(Date.now() - age * 60_000)
    for (const piece of await listPieces(folder)) if (piece.path.endsWith(key)) await utimes(piece.path, then, then)
  }
  await cache.get('xz-6', one)
  await cache.trim()
  expect((await listPieces(folder)).map(({ path }) => path.slice(-1)).toSorted()).toEqual(['a', 'c'])
})

it('looks at what there is when a twentieth more was put, and not for less', async () => {
  const cache = createPieceCache({ folder, limit: 10_000 })
  await cache.trim()
  await cache.put('xz-6', one, Buffer.alloc(10_400))
  await cache.trim()
  expect(await cache.has('xz-6', one)).toBe(false)
  await createPieceCache({ folder, limit: 20_000 }).put('xz-6', two, Buffer.alloc(10_400))
  await cache.put('xz-6', three, Buffer.alloc(400))
  await cache.trim()
  expect(await cache.has('xz-6', two)).toBe(true)
})

it('keeps nothing when it may keep nothing', async () => {
  const cache = createPieceCache({ folder, limit: 0 })
  await cache.put('xz-6', one, Buffer.from('encoded'))
  expect(await cache.get('xz-6', one)).toBeNull()
  expect(await readdir(folder)).toEqual([])
})

it('removes what a killed process was writing, and not what another is writing', async () => {
  const cache = createPieceCache({ folder, limit: mib })
  const [left, now] = [join(folder, 'left.unfinished'), join(folder, 'now.unfinished')]
  for (const path of [left, now]) await writeFile(path, 'half')
  const yesterday = new Date(Date.now() - 86_400_000)
  await utimes(left, yesterday, yesterday)
  await cache.trim()
  expect(await readdir(folder)).toEqual(['now.unfinished'])
  expect(await listPieces(folder)).toEqual([])
})

it('is cleared while it is used', async () => {
  const cache = createPieceCache({ folder, limit: mib })
  await cache.put('xz-6', one, Buffer.from('encoded'))
  await clearPieces(folder)
  expect(await cache.get('xz-6', one)).toBeNull()
  await cache.put('xz-6', one, Buffer.from('encoded'))
  expect(String(await cache.get('xz-6', one))).toBe('encoded')
})
