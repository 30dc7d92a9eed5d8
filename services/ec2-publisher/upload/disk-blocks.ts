import { createHash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { setImmediate as breathe } from 'node:timers/promises'
import type { Extent } from '#disk/data-extents.ts'

/** EBS takes disks in blocks of 512 KiB. */
export const blockSize = 524_288

const gibibyte = 1024 ** 3
const zeros = Buffer.alloc(blockSize)

/** The smallest volume that a disk of so many bytes fits in: EBS counts volumes and snapshots in whole GiB. */
export function gibibytesFor(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / gibibyte))
}

/** One block that holds data; the last one of a disk is filled up with zeros. */
export interface Block {
  readonly index: number
  readonly bytes: Buffer
}

interface Disk {
  readonly path: string
  readonly size: number
}

interface Reading {
  readonly extents: readonly Extent[]
  /** Gives a buffer of one block to read into; the reader waits until there is one. */
  readonly takeBuffer: () => Promise<Buffer>
  /** Takes the block over, and the buffer with it. */
  readonly onBlock: (block: Block) => void
  /** Gets back a buffer that held nothing but zeros. */
  readonly onZeros: (bytes: Buffer) => void
  readonly signal: AbortSignal
}

/** Reads the blocks of a disk that hold data, in order, and gives the SHA-256 of the whole disk, holes as zeros. */
export async function readDisk(disk: Disk, reading: Reading): Promise<string> {
  const whole = createHash('sha256')
  await using file = await open(disk.path)
  let from = 0
  for (const index of blocksWithData(reading.extents, disk.size)) {
    await hashZeros(index * blockSize - from)
    const bytes = await reading.takeBuffer()
    const length = await readBlock(file, { index, size: disk.size }, bytes)
    whole.update(bytes.subarray(0, length))
    if (bytes.equals(zeros)) reading.onZeros(bytes)
    else reading.onBlock({ index, bytes })
    from = index * blockSize + length
  }
  await hashZeros(disk.size - from)
  return whole.digest('hex')

  async function hashZeros(count: number): Promise<void> {
    for (let rest = count; rest > 0; rest -= blockSize) {
      reading.signal.throwIfAborted()
      whole.update(rest < blockSize ? zeros.subarray(0, rest) : zeros)
      await breathe()
    }
  }
}

/** The indexes of the blocks that an extent touches, rising, each once. */
export function* blocksWithData(extents: readonly Extent[], size: number): Generator<number> {
  let next = 0
  for (const { start, end } of extents) {
    // A file system rounds up: an extent may begin behind the end.
    const last = start < size ? Math.ceil(Math.min(end, size) / blockSize) : 0
    for (next = Math.max(next, Math.floor(start / blockSize)); next < last; next += 1) yield next
  }
}

/** Reads one block of a disk of so many bytes, filled up with zeros, and gives how much of it is the disk's. */
export async function readBlock(
  file: FileHandle,
  { index, size }: { readonly index: number; readonly size: number },
  into: Buffer,
): Promise<number> {
  const length = Math.min(blockSize, size - index * blockSize)
  await readFully(file, into.subarray(0, length), index * blockSize)
  into.fill(0, length)
  return length
}

async function readFully(file: FileHandle, into: Buffer, position: number): Promise<void> {
  let done = 0
  while (done < into.length) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done)
    // A disk that has become shorter reads as zeros here, and its digest tells.
    if (bytesRead === 0) into.fill(0, done)
    done = bytesRead === 0 ? into.length : done + bytesRead
  }
}
