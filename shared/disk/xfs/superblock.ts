import type { Bytes } from '../bytes.ts'
import { DiskUnreadable } from '../errors.ts'

/** What the superblock says of an XFS file system of version 5. */
export interface Superblock {
  readonly uuid: string
  readonly label: string
  readonly blockSize: number
  readonly blockCount: number
  readonly inodeSize: number
  readonly rootInode: number
  readonly groupBlocks: number
  readonly groupCount: number
  /** How many bits of a block's number count within its group. */
  readonly groupBits: number
  /** How many bits of an inode's number count within its block. */
  readonly inodeBits: number
  readonly directoryBlockSize: number
  /** Where the log begins, in blocks of the file system, and how many it has. */
  readonly log: { readonly start: number; readonly blocks: number }
}

/** Features without which a file system must not be read, by their bits; those that this reader knows. */
const known = new Set([
  0x1, // file types in directories
  0x2, // sparse inodes
  0x4, // another UUID in metadata
  0x8, // large timestamps
  0x20, // large counters of extents
  0x40, // exchange of ranges
  0x80, // parent pointers
])
const needsRepair = 0x10

/** Reads it. Throws DiskUnreadable, naming what is not understood. */
export async function readSuperblock(bytes: Bytes): Promise<Superblock> {
  const block = await bytes.read(0, 512)
  if (block.toString('latin1', 0, 4) !== 'XFSB') throw new DiskUnreadable('there is no XFS file system')
  const version = block.readUInt16BE(100) & 0xf
  if (version !== 5) throw new DiskUnreadable(`the XFS file system is of version ${String(version)}; 5 can be read`)
  assertReadable(block.readUInt32BE(216))
  const blockSize = block.readUInt32BE(4)
  const superblock: Superblock = {
    uuid: block.toString('hex', 32, 48).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    label: block.toString('utf8', 108, 120).replace(/\0.*$/s, ''),
    blockSize,
    blockCount: readNumber(block, 8),
    inodeSize: block.readUInt16BE(104),
    rootInode: readNumber(block, 56),
    groupBlocks: block.readUInt32BE(84),
    groupCount: block.readUInt32BE(88),
    groupBits: block.readUInt8(124),
    inodeBits: block.readUInt8(123),
    directoryBlockSize: blockSize * 2 ** block.readUInt8(192),
    log: { start: readNumber(block, 48), blocks: block.readUInt32BE(96) },
  }
  assertSane(superblock, bytes)
  return superblock
}

function assertReadable(features: number): void {
  if ((features & needsRepair) !== 0) throw new DiskUnreadable('the XFS file system says that it needs to be repaired')
  const bits = Array.from({ length: 32 }, (_, index) => 2 ** index)
  const beyond = bits.filter((bit) => Math.floor(features / bit) % 2 === 1 && !known.has(bit))
  if (beyond.length === 0) return
  const names = beyond.map((bit) => `0x${bit.toString(16)}`)
  throw new DiskUnreadable(`the XFS file system has features that are not understood: ${names.join(', ')}`)
}

function assertSane(superblock: Superblock, bytes: Bytes): void {
  const { blockSize, blockCount, inodeSize, directoryBlockSize, groupBlocks, groupBits, inodeBits } = superblock
  const isSane =
    [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536].includes(blockSize) &&
    inodeSize >= 256 &&
    inodeSize * 2 ** inodeBits === blockSize &&
    directoryBlockSize <= 65_536 &&
    groupBits < 32 &&
    groupBlocks <= 2 ** groupBits
  if (!isSane) throw new DiskUnreadable('the superblock of the XFS file system is damaged')
  if (blockCount * blockSize <= bytes.size) return
  const sizes = `${String(blockCount * blockSize)} bytes where there are ${String(bytes.size)}`
  throw new DiskUnreadable(`the XFS file system has ${sizes}: the disk is cut short`)
}

/** A number of 64 bits; those that cannot be places or sizes on a disk are damage. */
export function readNumber(bytes: Buffer, at: number): number {
  const value = Number(bytes.readBigUInt64BE(at))
  if (Number.isSafeInteger(value)) return value
  throw new DiskUnreadable(`the XFS file system has a number that cannot be: ${String(value)}`)
}
