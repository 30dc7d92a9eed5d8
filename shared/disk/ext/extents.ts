import { DiskUnreadable } from '../errors.ts'
import type { Inode, Volume } from './inode.ts'

/** Blocks of a file that lie one after the other on the disk, in blocks. */
export interface Extent {
  readonly logical: number
  readonly physical: number
  readonly length: number
}

/** Where a file lies, in its own order. Holes, and what was never written, are left out. */
export async function extentsOf(volume: Volume, inode: Inode): Promise<Extent[]> {
  const found = inode.hasExtents ? extentTree(volume, inode.block, null) : blockMap(volume, inode)
  const extents: Extent[] = []
  let end = 0
  let sum = 0
  for await (const extent of found) {
    sum += extent.length
    // In an intact file system no block is in two places, so that no file has more of them than there are.
    if (extent.logical < end || sum > volume.superblock.blockCount) throw damaged(inode)
    end = extent.logical + extent.length
    if (extent.physical !== 0) append(extents, extent)
  }
  return extents
}

/** What goes on where the last one ends is one with it: a block map tells of each block alone. */
function append(extents: Extent[], extent: Extent): void {
  const last = extents.at(-1)
  const goesOn =
    last !== undefined &&
    last.logical + last.length === extent.logical &&
    last.physical + last.length === extent.physical
  if (goesOn) extents[extents.length - 1] = { ...last, length: last.length + extent.length }
  else extents.push(extent)
}

const magic = 0xf30a
/** Longer extents are as much shorter, and were never written. */
const longest = 32_768

async function* extentTree(volume: Volume, node: Buffer, above: number | null): AsyncGenerator<Extent> {
  const count = node.readUInt16LE(2)
  const depth = node.readUInt16LE(6)
  const isRight =
    node.readUInt16LE(0) === magic && 12 * (count + 1) <= node.length && depth === (above ?? depth + 1) - 1
  if (!isRight || depth > 5 || (above !== null && count === 0)) {
    throw new DiskUnreadable('a tree of extents is damaged')
  }
  for (let index = 1; index <= count; index += 1) {
    const entry = node.subarray(12 * index, 12 * (index + 1))
    if (depth === 0) {
      const length = entry.readUInt16LE(4)
      const isWritten = length <= longest
      const physical = entry.readUInt32LE(8) + entry.readUInt16LE(6) * 2 ** 32
      const blocks = isWritten ? length : length - longest
      yield { logical: entry.readUInt32LE(0), physical: isWritten ? physical : 0, length: Math.max(1, blocks) }
    } else {
      const child = entry.readUInt32LE(4) + entry.readUInt16LE(8) * 2 ** 32
      yield* extentTree(volume, await readBlock(volume, child), depth)
    }
  }
}

/** How ext2 and ext3 have it: twelve blocks, then blocks of numbers of blocks, one to three levels of them. */
async function* blockMap(volume: Volume, inode: Inode): AsyncGenerator<Extent> {
  const perBlock = volume.superblock.blockSize / 4
  const blocks = Math.ceil(inode.size / volume.superblock.blockSize)
  let logical = 0
  for (let index = 0; index < 15 && logical < blocks; index += 1) {
    const level = Math.max(0, index - 11)
    yield* mappedBlocks(volume, { block: inode.block.readUInt32LE(4 * index), level, logical, blocks })
    logical += perBlock ** level
  }
}

interface Mapped {
  readonly block: number
  readonly level: number
  readonly logical: number
  /** How many the file has. */
  readonly blocks: number
}

async function* mappedBlocks(volume: Volume, { block, level, logical, blocks }: Mapped): AsyncGenerator<Extent> {
  if (block === 0 || logical >= blocks) return
  if (level === 0) {
    yield { logical, physical: block, length: 1 }
    return
  }
  const numbers = await readBlock(volume, block)
  const each = (volume.superblock.blockSize / 4) ** (level - 1)
  for (let index = 0; index < numbers.length / 4; index += 1) {
    const next = { block: numbers.readUInt32LE(4 * index), level: level - 1, logical: logical + index * each, blocks }
    yield* mappedBlocks(volume, next)
  }
}

/** Reads one block of the file system. */
export async function readBlock({ bytes, superblock: { blockSize } }: Volume, block: number): Promise<Buffer> {
  return await bytes.read(block * blockSize, blockSize)
}

function damaged({ number }: Inode): DiskUnreadable {
  return new DiskUnreadable(`what lies where of inode ${String(number)} is damaged`)
}
