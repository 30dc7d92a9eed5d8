import { array, assert, asyncProperty, boolean, constantFrom, nat } from 'fast-check'
import { expect, it } from 'vitest'
import type { Chunk } from './file-system.ts'
import { fingerprint } from './fingerprint.ts'

const unit = 1024

/** Content in units, of which each is of one byte; zero is like a hole. */
const contents = array(constantFrom(0, 0, 1, 2), { minLength: 1, maxLength: 12 })

async function* chunksOf(chunks: readonly Chunk[]): AsyncGenerator<Chunk> {
  yield* chunks
}

function bytesOf(units: readonly number[]): Buffer {
  return Buffer.concat(units.map((value) => Buffer.alloc(unit, value)))
}

async function whole(units: readonly number[], size = units.length * unit): Promise<string> {
  return await fingerprint(size, chunksOf([{ position: 0, bytes: bytesOf(units).subarray(0, size) }]))
}

it('is the same however the content is cut into chunks, and whether zeros are written or a hole', async () => {
  await assert(
    asyncProperty(contents, array(boolean(), { minLength: 12, maxLength: 12 }), async (units, cuts) => {
      const chunks: Chunk[] = []
      let start = 0
      for (let at = 1; at <= units.length; at += 1) {
        if (at < units.length && cuts[at] !== true) continue
        const part = units.slice(start, at)
        if (part.some((value) => value !== 0)) chunks.push({ position: start * unit, bytes: bytesOf(part) })
        start = at
      }
      expect(await fingerprint(units.length * unit, chunksOf(chunks))).toBe(await whole(units))
    }),
  )
})

it('is another for other content, content at another place, and another length', async () => {
  await assert(
    asyncProperty(contents, contents, nat(3 * unit), async (one, other, more) => {
      const [size, otherSize] = [one.length * unit, other.length * unit + more]
      const isSame = bytesOf(one).equals(Buffer.concat([bytesOf(other), Buffer.alloc(more)]))
      const digests = [
        await whole(one, size),
        await fingerprint(otherSize, chunksOf([{ position: 0, bytes: bytesOf(other) }])),
      ]
      expect(digests[0] === digests[1]).toBe(isSame)
    }),
  )
  const moved = await fingerprint(4 * unit, chunksOf([{ position: unit, bytes: bytesOf([1]) }]))
  expect(moved).not.toBe(await fingerprint(4 * unit, chunksOf([{ position: 2 * unit, bytes: bytesOf([1]) }])))
})

it('costs nothing for a hole of a terabyte', async () => {
  const end = { position: 2 ** 40, bytes: Buffer.from('end') }
  expect(await fingerprint(2 ** 40 + 3, chunksOf([end]))).toMatch(/^[0-9a-f]{64}$/)
})
