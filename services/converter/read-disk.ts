import { createHash, hash, type Hash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { readExtents, type Extent } from '#disk/data-extents.ts'
import { blockSize, type DiskSink } from './chunk.ts'
import type { Conversion } from './conversion.ts'
import { readFully } from './fully.ts'
import { createSlots } from './slots.ts'

/** To whom a disk is read, and how much of it at once. */
export interface ReadOptions {
  readonly sinks: readonly DiskSink[]
  readonly chunkSize: number
  /** How many chunks are in memory at the same time. */
  readonly chunks: number
  /** Does everything at the same time, and has ended all before it throws. */
  readonly sideBySide: Conversion['sideBySide']
  readonly signal: AbortSignal
}

/**
 * Reads a disk once, where it has data, and hands every chunk to all sinks, in order; the slowest sets the pace. Gives the
 * hash of the whole. When one fails, the others have ended what they were at before it throws.
 */
export async function readDisk(
  { path, size }: { readonly path: string; readonly size: number },
  { sinks, chunkSize, chunks, sideBySide, signal }: ReadOptions,
): Promise<Hash> {
  const extents = await readExtents(path, signal)
  await using file = await open(path)
  const slots = createSlots(chunks)
  const buffers: Buffer[] = []
  const zeros = Buffer.alloc(Math.min(chunkSize, size))
  const whole = createHash('sha256')
  const work: Promise<unknown>[] = []
  const failed = new AbortController()

  try {
    for (let position = 0; position < size && !failed.signal.aborted; position += chunkSize) {
      signal.throwIfAborted()
      const length = Math.min(chunkSize, size - position)
      const here = extents.filter(({ start, end }) => start < position + length && end > position)
      await slots.take()
      const buffer = here.length === 0 ? null : (buffers.pop() ?? Buffer.allocUnsafeSlow(chunkSize))
      const bytes = (buffer ?? zeros).subarray(0, length)
      if (buffer) await fill(bytes, { file, position, extents: here })
      whole.update(bytes)
      const chunk = { position, bytes, blocks: buffer ? digestBlocks(bytes) : blocksOf(bytes).map(() => null) }
      const taken = sideBySide(sinks.map((sink) => () => sink.take(chunk))).finally(() => {
        if (buffer) buffers.push(buffer)
        slots.give()
      })
      taken.catch(() => {
        failed.abort()
      })
      work.push(taken)
    }
  } finally {
    await Promise.allSettled(work)
  }
  await Promise.all(work)
  return whole
}

interface Stretch {
  readonly file: FileHandle
  readonly position: number
  readonly extents: readonly Extent[]
}

/** Reads what lies in the extents; the rest is zeros. */
async function fill(bytes: Buffer, { file, position, extents }: Stretch): Promise<void> {
  let done = 0
  for (const extent of extents) {
    const start = Math.max(0, extent.start - position)
    const end = Math.min(bytes.length, extent.end - position)
    bytes.fill(0, done, start)
    await readFully(file, bytes.subarray(start, end), position + start)
    done = end
  }
  bytes.fill(0, done)
}

const zeroBlock = Buffer.alloc(blockSize)

function digestBlocks(bytes: Buffer): (Buffer | null)[] {
  return blocksOf(bytes).map((block) => {
    return block.equals(zeroBlock.subarray(0, block.length)) ? null : hash('sha256', block, 'buffer')
  })
}

function blocksOf(bytes: Buffer): Buffer[] {
  const count = Math.ceil(bytes.length / blockSize)
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * blockSize, (index + 1) * blockSize))
}
