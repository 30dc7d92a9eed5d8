import type { Bytes } from '../bytes.ts'
import { DiskUnreadable } from '../errors.ts'

/** What the first sector says of a FAT file system. Places and sizes are in bytes. */
export interface BootSector {
  /** How many bits a number in the table of clusters has. */
  readonly bits: 12 | 16 | 32
  readonly uuid: string
  readonly label: string
  readonly clusterSize: number
  readonly clusterCount: number
  /** Of the first table. */
  readonly table: number
  /** Of cluster 2, which is the first. */
  readonly clusters: number
  /** A cluster of FAT32; else the folder has a place of its own. */
  readonly root: { readonly cluster: number } | { readonly start: number; readonly size: number }
}

/** Reads it. Throws DiskUnreadable when it cannot be. */
export async function readBootSector(bytes: Bytes): Promise<BootSector> {
  const sector = await bytes.read(0, 512)
  const sectorSize = sector.readUInt16LE(11)
  const clusterSize = sectorSize * sector.readUInt8(13)
  const tables = sector.readUInt8(16)
  const isFat32 = sector.readUInt16LE(22) === 0
  const tableSize = (sector.readUInt16LE(22) || sector.readUInt32LE(36)) * sectorSize
  const size = (sector.readUInt16LE(19) || sector.readUInt32LE(32)) * sectorSize
  const table = sector.readUInt16LE(14) * sectorSize
  const start = table + tables * tableSize
  const rootSize = sector.readUInt16LE(17) * 32
  const clusters = start + rootSize
  if (![512, 1024, 2048, 4096].includes(sectorSize) || clusterSize === 0 || table === 0 || clusters > size) {
    throw new DiskUnreadable('the boot sector of the FAT file system is damaged')
  }
  if (size > bytes.size) {
    const sizes = `${String(size)} bytes where there are ${String(bytes.size)}`
    throw new DiskUnreadable(`the FAT file system has ${sizes}: the disk is cut short`)
  }
  const clusterCount = Math.floor((size - clusters) / clusterSize)
  const at = isFat32 ? 67 : 39
  return {
    bits: isFat32 ? 32 : clusterCount < 4085 ? 12 : 16,
    uuid: sector
      .readUInt32LE(at)
      .toString(16)
      .toUpperCase()
      .padStart(8, '0')
      .replace(/^(.{4})/, '$1-'),
    label: sector.toString('latin1', at + 4, at + 15).trimEnd(),
    clusterSize,
    clusterCount,
    table,
    clusters,
    root: isFat32 ? { cluster: sector.readUInt32LE(44) } : { start, size: rootSize },
  }
}
