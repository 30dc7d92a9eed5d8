import { createHash } from 'node:crypto'
import type { Bytes } from './bytes.ts'
import type { Chunk } from './file-system.ts'

const unit = 1024
const zeros = Buffer.alloc(unit)

/**
 * A digest of content, by which it is compared: SHA-256 over each run of units that are not zero, with where it begins and
 * how long it is. Holes and written zeros are alike, and a hole of a terabyte costs nothing. Chunks begin at multiples of 1 KiB.
 */
export async function fingerprint(size: number, chunks: AsyncIterable<Chunk>): Promise<string> {
  const hash = createHash('sha256')
  let start = 0
  let end = 0
  const finishRun = () => hash.update(number(end - start))
  for await (const { position, bytes } of chunks) {
    for (const { at, length } of runsIn(bytes)) {
      if (position + at !== end || end === start) {
        if (end > start) finishRun()
        start = position + at
        hash.update(number(start))
      }
      hash.update(bytes.subarray(at, at + length))
      end = position + at + length
    }
  }
  if (end > start) finishRun()
  return hash.update(number(size)).digest('hex')
}

const step = 1024 * 1024

/** All of some bytes, piece by piece. */
export async function* chunksOf(bytes: Bytes): AsyncGenerator<Chunk> {
  for (let position = 0; position < bytes.size; position += step) {
    yield { position, bytes: await bytes.read(position, Math.min(step, bytes.size - position)) }
  }
}

/** Where in a chunk there is something else than zeros. */
function* runsIn(bytes: Buffer): Generator<{ at: number; length: number }> {
  let start = -1
  for (let at = 0; at < bytes.length; at += unit) {
    const length = Math.min(unit, bytes.length - at)
    const isZero = bytes[at] === 0 && bytes.compare(zeros, 0, length, at, at + length) === 0
    if (isZero && start !== -1) {
      yield { at: start, length: at - start }
      start = -1
    } else if (!isZero && start === -1) start = at
  }
  if (start !== -1) yield { at: start, length: bytes.length - start }
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
