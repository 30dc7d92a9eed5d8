import { hash, randomBytes } from 'node:crypto'
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { blockSize } from '../chunk.ts'
import { readDisk } from '../read-disk.ts'
import { clearPieces, createPieceCache, listPieces } from './piece-cache.ts'
import { createPieceFlow } from './piece-flow.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-flow-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

const [a, b, c] = [randomBytes(blockSize), randomBytes(blockSize), randomBytes(blockSize)] as const
const zeros = Buffer.alloc(blockSize)

/** Writes a disk of these blocks, encodes it, and tells what was encoded and what came out. */
async function flow(blocks: readonly Buffer[], { limit = 2 ** 30, meanwhile = () => Promise.resolve() } = {}) {
  const path = join(folder, 'disk.raw')
  await writeFile(path, Buffer.concat(blocks))
  const cache = createPieceCache({ folder: join(folder, 'pieces'), limit })
  const encoded: string[] = []
  const written: Buffer[] = []
  const coder = {
    name: 'inverted',
    pieceSize: blockSize,
    // The later ones are ready first.
    async encode(pieces: readonly Buffer[]) {
      await sleep(Math.max(0, 30 - encoded.length * 10))
      encoded.push(...pieces.map(nameOf))
      return pieces.map(inverted)
    },
  }
  const sink = createPieceFlow(coder, {
    cache,
    path,
    async write(bytes) {
      if (written.length === 0) await meanwhile()
      written.push(inverted(bytes))
    },
  })
  const signal = AbortSignal.timeout(20_000)
  const size = blocks.reduce((sum, block) => sum + block.length, 0)
  const whole = await readDisk(
    { path, size },
    { sinks: [sink], chunkSize: 2 * blockSize, chunks: 3, sideBySide, signal },
  )
  await sink.done()
  expect(whole.digest('hex')).toBe(hash('sha256', Buffer.concat(blocks)))
  expect(written.map(nameOf)).toEqual(blocks.map(nameOf))
  return encoded.filter((name) => name !== 'sample').toSorted()
}

async function sideBySide<T>(work: readonly (() => Promise<T>)[]): Promise<T[]> {
  return await Promise.all(work.map((one) => one()))
}

function inverted(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => byte ^ 0xff))
}

function nameOf(piece: Buffer): string {
  const known = { a, b, c, zeros: zeros.subarray(0, piece.length) }
  const [name = piece.length === 64 * 1024 ? 'sample' : 'another'] =
    Object.entries(known).find(([, bytes]) => bytes.equals(piece)) ?? []
  return name
}

it('encodes what it has not met, once, and gives everything in the order of the disk', async () => {
  expect(await flow([a, b, zeros, a, zeros, b, c, zeros, zeros.subarray(0, 512)])).toEqual([
    'a',
    'b',
    'c',
    'zeros',
    'zeros',
  ])
  expect(await flow([c, zeros, a])).toEqual(['zeros'])
})

it('encodes again what the cache forgets while the disk is read', async () => {
  await flow([a, b, c])
  const forget = () => clearPieces(join(folder, 'pieces'))
  expect(await flow([a, b, c], { meanwhile: forget })).toEqual(['b', 'c'])
  expect(await flow([a, b, c])).toEqual(['a'])
})

it('encodes again what is damaged in the cache, and mends it', async () => {
  await flow([a, b])
  for (const { path } of await listPieces(join(folder, 'pieces'))) {
    await using file = await open(path, 'r+')
    await file.write('damage', 100)
  }
  expect(await flow([a, b])).toEqual(['a', 'b'])
  expect(await flow([a, b])).toEqual([])
})

it('gives the same without a cache', async () => {
  expect(await flow([a, b, zeros, c, zeros], { limit: 0 })).toEqual(['a', 'b', 'c', 'zeros'])
})

it('fails as the coder does, when all others have ended', async () => {
  const path = join(folder, 'disk.raw')
  await writeFile(path, Buffer.concat([a, b, c]))
  const cache = createPieceCache({ folder: join(folder, 'pieces'), limit: 0 })
  let atWork = 0
  const coder = {
    name: 'failing',
    pieceSize: blockSize,
    async encode(pieces: readonly Buffer[]) {
      const isLast = pieces.some((piece) => piece.equals(c))
      atWork += 1
      await sleep(isLast ? 200 : 20)
      atWork -= 1
      if (pieces.some((piece) => piece.equals(b))) throw new Error('no b today')
      return [...pieces]
    },
  }
  const sink = createPieceFlow(coder, { cache, path, write: () => Promise.resolve() })
  const options = { sinks: [sink], chunkSize: blockSize, chunks: 3, sideBySide, signal: AbortSignal.timeout(20_000) }
  await expect(readDisk({ path, size: 3 * blockSize }, options)).rejects.toThrow('no b today')
  await expect(sink.done()).rejects.toThrow('no b today')
  expect(atWork).toBe(0)
})
