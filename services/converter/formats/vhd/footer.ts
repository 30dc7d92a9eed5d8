import { hash } from 'node:crypto'

/** Microsoft Azure takes disks of whole MiB only. */
export const vhdUnit = 1024 * 1024

const size = 512
/** VHD counts seconds from the first moment of 2000. */
const epoch = Date.UTC(2000, 0, 1)
const fixed = 2

/** What a footer tells of its disk. */
export interface VhdDisk {
  /** In whole MiB. */
  readonly size: number
  readonly time: Date
  /** What the identity of the disk is made of: the same disk is the same one on every host. */
  readonly sha256: string
}

/** The last sector of a fixed disk (Virtual Hard Disk Image Format Specification, 2006). */
export function vhdFooter({ size: diskSize, time, sha256 }: VhdDisk): Buffer {
  const footer = Buffer.alloc(size)
  footer.write('conectix', 0, 'latin1')
  footer.writeUInt32BE(2, 8) // features: a bit that is always set
  footer.writeUInt32BE(0x00010000, 12)
  footer.writeBigUInt64BE(0xffffffffffffffffn, 16) // a fixed disk has no further structure
  footer.writeUInt32BE(Math.max(0, Math.floor((time.getTime() - epoch) / 1000)), 24)
  // The application and system that Azure's own tools name: readers that know it go by the size, not by the geometry.
  footer.write('win ', 28, 'latin1')
  footer.writeUInt32BE(0x000a0000, 32)
  footer.write('Wi2k', 36, 'latin1')
  footer.writeBigUInt64BE(BigInt(diskSize), 40)
  footer.writeBigUInt64BE(BigInt(diskSize), 48)
  const { cylinders, heads, sectors } = geometryOf(diskSize)
  footer.writeUInt16BE(cylinders, 56)
  footer.writeUInt8(heads, 58)
  footer.writeUInt8(sectors, 59)
  footer.writeUInt32BE(fixed, 60)
  identityOf(sha256).copy(footer, 68)
  footer.writeUInt32BE(vhdChecksum(footer), 64)
  return footer
}

/** The complement of the sum of all bytes but those of the checksum. */
export function vhdChecksum(footer: Buffer): number {
  const sum = footer.reduce((total, byte, index) => (index >= 64 && index < 68 ? total : total + byte), 0)
  return ~sum >>> 0
}

/** A UUID of version 8: by a rule of our own, out of what it identifies (RFC 9562). */
function identityOf(sha256: string): Buffer {
  const uuid = hash('sha256', `vhd ${sha256}`, 'buffer').subarray(0, 16)
  uuid.writeUInt8((uuid.readUInt8(6) & 0x0f) | 0x80, 6)
  uuid.writeUInt8((uuid.readUInt8(8) & 0x3f) | 0x80, 8)
  return uuid
}

interface Geometry {
  readonly cylinders: number
  readonly heads: number
  readonly sectors: number
}

const sectorSize = 512
const mostSectors = 65_535 * 16 * 255

/** The geometry that the specification computes for a size (appendix). */
function geometryOf(diskSize: number): Geometry {
  const total = Math.min(diskSize / sectorSize, mostSectors)
  if (total >= 65_535 * 16 * 63) return withGeometry(total, 16, 255)
  const tracks = Math.floor(total / 17)
  const heads = Math.max(4, Math.floor((tracks + 1023) / 1024))
  if (tracks < heads * 1024 && heads <= 16) return withGeometry(total, heads, 17)
  if (Math.floor(total / 31) < 16 * 1024) return withGeometry(total, 16, 31)
  return withGeometry(total, 16, 63)
}

function withGeometry(total: number, heads: number, sectors: number): Geometry {
  return { cylinders: Math.floor(Math.floor(total / sectors) / heads), heads, sectors }
}
