import type { Bytes } from '../bytes.ts'
import { DiskUnreadable } from '../errors.ts'

/** What the superblock says of an ext2, ext3 or ext4 file system. */
export interface Superblock {
  readonly kind: 'ext2' | 'ext3' | 'ext4'
  readonly uuid: string
  readonly label: string
  readonly blockSize: number
  readonly blockCount: number
  readonly inodeCount: number
  readonly inodesPerGroup: number
  readonly inodeSize: number
  /** Where the descriptors of the groups begin, in bytes, and the size of one. */
  readonly descriptors: number
  readonly descriptorSize: number
}

/** Features without which a file system must not be read, by their bits; those that this reader knows. */
const known: Readonly<Record<number, string>> = {
  0x2: 'filetype',
  0x40: 'extent',
  0x80: '64bit',
  0x100: 'mmp',
  0x200: 'flex_bg',
  0x400: 'ea_inode',
  0x2000: 'metadata_csum_seed',
  0x4000: 'large_dir',
  0x8000: 'inline_data',
  0x20000: 'casefold',
}
const unknown: Readonly<Record<number, string>> = {
  0x1: 'compression',
  0x8: 'journal_dev',
  0x10: 'meta_bg',
  0x10000: 'encrypt',
}
const needsRecovery = 0x4
const hasJournal = 0x4

/** Reads it. Throws DiskUnreadable, naming what is not understood. */
export async function readSuperblock(bytes: Bytes): Promise<Superblock> {
  const block = await bytes.read(1024, 1024)
  if (block.readUInt16LE(0x38) !== 0xef53) throw new DiskUnreadable('there is no ext file system')
  const incompatible = block.readUInt32LE(0x60)
  assertReadable(incompatible)
  const blockSize = 1024 * 2 ** block.readUInt32LE(0x18)
  const is64bit = (incompatible & 0x80) !== 0
  const isDynamic = block.readUInt32LE(0x4c) > 0
  const blockCount = block.readUInt32LE(0x04) + (is64bit ? block.readUInt32LE(0x150) * 2 ** 32 : 0)
  const superblock: Superblock = {
    kind: (incompatible & 0x40) !== 0 ? 'ext4' : (block.readUInt32LE(0x5c) & hasJournal) !== 0 ? 'ext3' : 'ext2',
    uuid: block.toString('hex', 0x68, 0x78).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    label: block.toString('utf8', 0x78, 0x88).replace(/\0.*$/s, ''),
    blockSize,
    blockCount,
    inodeCount: block.readUInt32LE(0x00),
    inodesPerGroup: block.readUInt32LE(0x28),
    inodeSize: isDynamic ? block.readUInt16LE(0x58) : 128,
    descriptors: (block.readUInt32LE(0x14) + 1) * blockSize,
    descriptorSize: is64bit ? block.readUInt16LE(0xfe) : 32,
  }
  assertSane(superblock, bytes)
  return superblock
}

function assertReadable(incompatible: number): void {
  if ((incompatible & needsRecovery) !== 0) {
    throw new DiskUnreadable(
      'the file system was not unmounted, and its journal holds what it lacks: let e2fsck replay it',
    )
  }
  const bits = Array.from({ length: 32 }, (_, index) => 2 ** index)
  const beyond = bits.filter((bit) => (incompatible & bit) !== 0 && known[bit] === undefined)
  if (beyond.length === 0) return
  const names = beyond.map((bit) => unknown[bit] ?? `0x${bit.toString(16)}`)
  throw new DiskUnreadable(`the ext file system has features that are not understood: ${names.join(', ')}`)
}

function assertSane({ blockSize, blockCount, inodesPerGroup, inodeSize, descriptorSize }: Superblock, bytes: Bytes) {
  const isSane =
    blockSize <= 65_536 &&
    inodesPerGroup > 0 &&
    inodeSize >= 128 &&
    inodeSize <= blockSize &&
    descriptorSize >= 32 &&
    descriptorSize <= blockSize
  if (!isSane) throw new DiskUnreadable('the superblock of the ext file system is damaged')
  if (blockCount * blockSize <= bytes.size) return
  const sizes = `${String(blockCount * blockSize)} bytes where there are ${String(bytes.size)}`
  throw new DiskUnreadable(`the ext file system has ${sizes}: the disk is cut short`)
}
