import type { Bytes } from '../bytes.ts'
import { DiskUnreadable } from '../errors.ts'
import type { EntryType } from '../file-system.ts'
import { readMode } from '../inode-mode.ts'
import type { Superblock } from './superblock.ts'

/** A file system of which the superblock is known. */
export interface Volume {
  readonly bytes: Bytes
  readonly superblock: Superblock
}

export interface Inode {
  readonly number: number
  readonly type: EntryType
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly hasExtents: boolean
  readonly hasInlineData: boolean
  /** Fifteen numbers of blocks, the root of the tree of extents, or bytes of the file itself. */
  readonly block: Buffer
  /** The block of its extended attributes, and those beside its fields. */
  readonly attributeBlock: number
  readonly attributeBytes: Buffer
}

/** Reads an inode by its number. */
export async function readInode({ bytes, superblock }: Volume, number: number): Promise<Inode> {
  const { inodeCount, inodesPerGroup, inodeSize, blockSize, descriptors, descriptorSize } = superblock
  if (number < 1 || number > inodeCount) throw new DiskUnreadable(`there is no inode ${String(number)}`)
  const group = Math.floor((number - 1) / inodesPerGroup)
  const descriptor = await bytes.read(descriptors + group * descriptorSize, descriptorSize)
  const table = descriptor.readUInt32LE(0x8) + (descriptorSize >= 64 ? descriptor.readUInt32LE(0x28) * 2 ** 32 : 0)
  const raw = await bytes.read(table * blockSize + ((number - 1) % inodesPerGroup) * inodeSize, inodeSize)
  const mode = readMode(raw.readUInt16LE(0x0))
  if (mode === null) throw new DiskUnreadable(`inode ${String(number)} is of no type that there is`)
  const flags = raw.readUInt32LE(0x20)
  const fields = 128 + (inodeSize > 128 ? raw.readUInt16LE(0x80) : 0)
  return {
    number,
    ...mode,
    uid: raw.readUInt16LE(0x02) + raw.readUInt16LE(0x78) * 2 ** 16,
    gid: raw.readUInt16LE(0x18) + raw.readUInt16LE(0x7a) * 2 ** 16,
    size: raw.readUInt32LE(0x04) + raw.readUInt32LE(0x6c) * 2 ** 32,
    hasExtents: (flags & 0x80000) !== 0,
    hasInlineData: (flags & 0x1000_0000) !== 0,
    block: raw.subarray(0x28, 0x28 + 60),
    attributeBlock: raw.readUInt32LE(0x68) + raw.readUInt16LE(0x76) * 2 ** 32,
    attributeBytes: raw.subarray(Math.min(fields, inodeSize)),
  }
}
