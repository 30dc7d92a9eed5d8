import type { Bytes } from '../bytes.ts'
import { DiskUnreadable } from '../errors.ts'
import { readKey, type Key } from './key.ts'

/** What the superblock says of a btrfs file system. */
export interface Superblock {
  readonly uuid: string
  readonly label: string
  /** In bytes. */
  readonly size: number
  readonly nodeSize: number
  readonly sectorSize: number
  /** Logical places of the roots of trees, with their heights. */
  readonly root: TreeRoot
  readonly chunkRoot: TreeRoot
  /** The chunks in which the tree of chunks itself lies. */
  readonly systemChunks: readonly { readonly key: Key; readonly item: Buffer }[]
}

export interface TreeRoot {
  readonly place: number
  readonly level: number
}

/** Features without which a file system must not be read, by their bits; those that this reader knows, or need not know. */
const known = new Set([
  0x1, // mixed_backref
  0x2, // default_subvol
  0x4, // mixed_groups
  0x8, // compress_lzo
  0x10, // compress_zstd
  0x20, // big_metadata
  0x40, // extended_iref
  0x100, // skinny_metadata
  0x200, // no_holes
  0x400, // metadata_uuid
])

export const superblockPlace = 64 * 1024

/** Reads it. Throws DiskUnreadable, naming what is not understood. */
export async function readSuperblock(bytes: Bytes): Promise<Superblock> {
  const block = await bytes.read(superblockPlace, 4096)
  if (block.toString('latin1', 0x40, 0x48) !== '_BHRfS_M') throw new DiskUnreadable('there is no btrfs file system')
  assertReadable(block)
  const superblock: Superblock = {
    uuid: block.toString('hex', 0x20, 0x30).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    label: block.toString('utf8', 0x12b, 0x22b).replace(/\0.*$/s, ''),
    size: readNumber(block, 0x70),
    nodeSize: block.readUInt32LE(0x94),
    sectorSize: block.readUInt32LE(0x90),
    root: { place: readNumber(block, 0x50), level: block.readUInt8(0xc6) },
    chunkRoot: { place: readNumber(block, 0x58), level: block.readUInt8(0xc7) },
    systemChunks: systemChunksOf(block),
  }
  const { size, nodeSize, sectorSize } = superblock
  const isSane = [nodeSize, sectorSize].every(
    (size) => size >= 1024 && size <= 65_536 && Number.isInteger(Math.log2(size)),
  )
  if (!isSane) throw new DiskUnreadable('the superblock of the btrfs file system is damaged')
  if (size <= bytes.size) return superblock
  const sizes = `${String(size)} bytes where there are ${String(bytes.size)}`
  throw new DiskUnreadable(`the btrfs file system has ${sizes}: the disk is cut short`)
}

function assertReadable(block: Buffer): void {
  const devices = readNumber(block, 0x88)
  if (devices !== 1) throw new DiskUnreadable(`the btrfs file system is on ${String(devices)} devices, and this is one`)
  if (readNumber(block, 0x60) !== 0) {
    throw new DiskUnreadable('the btrfs file system was not unmounted, and its log holds what it lacks: mount it once')
  }
  const features = block.readBigUInt64LE(0xbc)
  const bits = Array.from({ length: 64 }, (_, index) => index)
  const beyond = bits.filter((bit) => (features >> BigInt(bit)) % 2n === 1n && !known.has(2 ** bit))
  if (beyond.length === 0) return
  const names = beyond.map((bit) => `0x${(2 ** bit).toString(16)}`)
  throw new DiskUnreadable(`the btrfs file system has features that are not understood: ${names.join(', ')}`)
}

const chunkHead = 48
const stripeSize = 32

function systemChunksOf(block: Buffer): Superblock['systemChunks'] {
  const end = 0x32b + Math.min(block.readUInt32LE(0xa0), 2048)
  const chunks: { key: Key; item: Buffer }[] = []
  for (let at = 0x32b; at + 17 + chunkHead <= end;) {
    const key = readKey(block, at)
    const size = chunkHead + block.readUInt16LE(at + 17 + 44) * stripeSize
    chunks.push({ key, item: block.subarray(at + 17, at + 17 + size) })
    at += 17 + size
  }
  return chunks
}

/** A number of 64 bits; those that cannot be places or sizes on a disk are damage. */
export function readNumber(bytes: Buffer, at: number): number {
  const value = Number(bytes.readBigUInt64LE(at))
  if (Number.isSafeInteger(value)) return value
  throw new DiskUnreadable(`the btrfs file system has a number that cannot be: ${String(value)}`)
}
