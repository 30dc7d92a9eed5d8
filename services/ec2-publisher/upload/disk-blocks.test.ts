import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, integer, nat, property, uniqueArray } from 'fast-check'
import { expect, it } from 'vitest'
import { blocksWithData, blockSize, readDisk } from './disk-blocks.ts'
import { parseMap, readExtents } from '#disk/data-extents.ts'

it('visits each block that an extent touches once, in rising order, and no other', () => {
  const extents = uniqueArray(nat(40 * blockSize), { maxLength: 20 })
    .map((points) => points.sort((one, other) => one - other))
    .map((points) =>
      Array.from({ length: Math.floor(points.length / 2) }, (_, n) => ({
        start: points[2 * n] ?? 0,
        end: points[2 * n + 1] ?? 0,
      })),
    )
  assert(
    property(extents, integer({ min: 1, max: 40 * blockSize }), (extents, size) => {
      const touched = Array.from({ length: 41 }, (_, index) => index).filter((index) =>
        extents.some(
          ({ start, end }) =>
            start < (index + 1) * blockSize && Math.min(end, size) > index * blockSize && start < size,
        ),
      )
      expect([...blocksWithData(extents, size)]).toEqual(touched)
    }),
  )
})

it('reads the map of a disk as the stretches that hold data', () => {
  const map = [
    { start: 0, length: 4096, depth: 0, zero: false, data: true, offset: 0 },
    { start: 4096, length: 8192, depth: 0, zero: true, data: false },
    { start: 12_288, length: 10, depth: 0, zero: false, data: true, offset: 12_288 },
  ]
  expect(parseMap(JSON.stringify(map))).toEqual([
    { start: 0, end: 4096 },
    { start: 12_288, end: 12_298 },
  ])
})

it('gives the digest of the whole disk and fills its last block up with zeros', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-blocks-'))
  const path = join(folder, 'disk')
  const bytes = Buffer.concat([randomBytes(blockSize), Buffer.alloc(blockSize), randomBytes(100)])
  await writeFile(path, bytes)
  const { signal } = new AbortController()
  const blocks = new Map<number, Buffer>()
  const sha256 = await readDisk(
    { path, size: bytes.length },
    {
      extents: await readExtents(path, signal),
      takeBuffer: () => Promise.resolve(Buffer.alloc(blockSize, 'dirt')),
      onBlock: (block) => {
        blocks.set(block.index, block.bytes)
      },
      onZeros: () => undefined,
      signal,
    },
  )
  await rm(folder, { recursive: true })
  expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
  expect([...blocks.keys()]).toEqual([0, 2])
  expect(
    blocks
      .get(2)
      ?.subarray(100)
      .equals(Buffer.alloc(blockSize - 100)),
  ).toBe(true)
})
