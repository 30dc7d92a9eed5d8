import type { Bytes } from '../bytes.ts'
import { DiskUnreadable } from '../errors.ts'
import { readNumber, type Superblock } from './superblock.ts'

/** A file system of which the superblock is known. */
export interface Volume {
  readonly bytes: Bytes
  readonly superblock: Superblock
}

/** Blocks of a file that lie one after the other on the disk, in blocks. */
export interface Extent {
  readonly logical: number
  readonly physical: number
  readonly length: number
  readonly isWritten: boolean
}

/** A fork of an inode: where its data or its attributes lie, or they themselves. */
export interface Fork {
  readonly format: 'device' | 'local' | 'extents' | 'tree'
  readonly bytes: Buffer
  readonly extentCount: number
}

const recordSize = 16
const treeMark = 'BMA3'
const treeHead = 72
const highest = 12
/** Files may share blocks; that one has this many times those of the disk is nobody's doing but an attacker's. */
const mostShared = 64

/** Where a fork lies, in its own order. Holes are left out. */
export async function extentsOf(volume: Volume, fork: Fork): Promise<Extent[]> {
  const found =
    fork.format === 'tree' ? await recordsOfTree(volume, fork.bytes) : recordsIn(fork.bytes, 0, fork.extentCount)
  let end = 0
  let sum = 0
  for (const { logical, length } of found) {
    sum += length
    if (logical < end || length === 0 || sum > mostShared * volume.superblock.blockCount) throw damaged()
    end = logical + length
  }
  return found
}

/** Where a block of the file system is, in bytes: its number tells its group and its place in it. */
export function placeOfBlock({ blockSize, groupBits, groupBlocks, groupCount }: Superblock, block: number): number {
  const group = Math.floor(block / 2 ** groupBits)
  const within = block % 2 ** groupBits
  if (group >= groupCount || within >= groupBlocks) throw damaged()
  return (group * groupBlocks + within) * blockSize
}

/** Reads blocks that lie one after the other. */
export async function readBlocks({ bytes, superblock }: Volume, block: number, count: number): Promise<Buffer> {
  return await bytes.read(placeOfBlock(superblock, block), count * superblock.blockSize)
}

function recordsIn(bytes: Buffer, start: number, count: number): Extent[] {
  if (start + count * recordSize > bytes.length) throw damaged()
  return Array.from({ length: count }, (_, index) => readRecord(bytes, start + index * recordSize))
}

/** Four numbers of 1, 54, 52 and 21 bits. */
function readRecord(bytes: Buffer, at: number): Extent {
  const high = bytes.readBigUInt64BE(at)
  const low = bytes.readBigUInt64BE(at + 8)
  return {
    isWritten: high >> 63n === 0n,
    logical: Number((high & 0x7fff_ffff_ffff_ffffn) >> 9n),
    physical: Number(((high & 0x1ffn) << 43n) | (low >> 21n)),
    length: Number(low & 0x1f_ffffn),
  }
}

/** The root of the tree is in the inode; its keys, which are not needed here, stand before its pointers. */
async function recordsOfTree(volume: Volume, root: Buffer): Promise<Extent[]> {
  const level = root.readUInt16BE(0)
  const pointers = pointersIn(root, 4, root.readUInt16BE(2))
  const records: Extent[] = []
  const seen = new Set<number>()
  if (level < 1 || level > highest) throw damaged()
  const waiting = pointers.map((block) => ({ block, level: level - 1 })).toReversed()
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    // Each block has one place in a tree.
    if (seen.has(next.block)) throw damaged()
    seen.add(next.block)
    const node = await readBlocks(volume, next.block, 1)
    const count = node.readUInt16BE(6)
    if (node.toString('latin1', 0, 4) !== treeMark || node.readUInt16BE(4) !== next.level) throw damaged()
    if (next.level === 0) records.push(...recordsIn(node, treeHead, count))
    else {
      const below = pointersIn(node, treeHead, count).map((block) => ({ block, level: (next?.level ?? 0) - 1 }))
      waiting.push(...below.toReversed())
    }
  }
  return records
}

function pointersIn(node: Buffer, start: number, count: number): number[] {
  const room = Math.floor((node.length - start) / 16)
  if (count > room) throw damaged()
  return Array.from({ length: count }, (_, index) => readNumber(node, start + room * 8 + index * 8))
}

function damaged(): DiskUnreadable {
  return new DiskUnreadable('what lies where in the XFS file system is damaged')
}
