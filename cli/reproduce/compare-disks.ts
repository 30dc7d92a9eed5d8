import { open } from 'node:fs/promises'

/** Where two disks differ. */
export interface DiskDifference {
  /** The first byte that is not the same, from 0. */
  readonly offset: number
  /** How many blocks of 4 KiB are not the same, of how many that the larger disk has. */
  readonly blocks: number
  readonly of: number
}

const block = 4096
const chunk = 256 * block

/** Compares two disks byte by byte; null when they are the same. What one has more is a difference. */
export async function compareDisks(one: string, other: string): Promise<DiskDifference | null> {
  await using left = await open(one)
  await using right = await open(other)
  const sizes = [(await left.stat()).size, (await right.stat()).size]
  const of = Math.ceil(Math.max(...sizes) / block)
  const mine = Buffer.alloc(chunk)
  const theirs = Buffer.alloc(chunk)
  let offset: number | null = null
  let blocks = 0
  for (let at = 0; at < Math.max(...sizes); at += chunk) {
    const [read, met] = [
      (await left.read(mine, 0, chunk, at)).bytesRead,
      (await right.read(theirs, 0, chunk, at)).bytesRead,
    ]
    if (read === met && mine.compare(theirs, 0, met, 0, read) === 0) continue
    for (let start = 0; start < Math.max(read, met); start += block) {
      const a = mine.subarray(Math.min(start, read), Math.min(start + block, read))
      const b = theirs.subarray(Math.min(start, met), Math.min(start + block, met))
      if (a.equals(b)) continue
      blocks++
      offset ??= at + start + firstDifference(a, b)
    }
  }
  return offset === null ? null : { offset, blocks, of }
}

function firstDifference(one: Buffer, other: Buffer): number {
  const found = one.findIndex((byte, index) => byte !== other[index])
  return found === -1 ? one.length : found
}
