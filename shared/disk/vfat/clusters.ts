import type { Bytes } from '../bytes.ts'
import { DiskUnreadable } from '../errors.ts'
import type { BootSector } from './boot-sector.ts'

/** A FAT file system of which the first sector is known. */
export interface Volume {
  readonly bytes: Bytes
  readonly sector: BootSector
}

/** Bytes of a file that lie one after the other on the disk. */
export interface Run {
  readonly start: number
  readonly length: number
}

/** Where the clusters of a file lie, in its order, from the first one on. No file has more than there are. */
export async function runsOf(volume: Volume, first: number): Promise<Run[]> {
  const { clusterSize, clusterCount, clusters } = volume.sector
  const runs: Run[] = []
  let count = 0
  for (let cluster = first; !isLast(volume, cluster); cluster = await following(volume, cluster)) {
    count += 1
    if (cluster < 2 || cluster >= clusterCount + 2 || count > clusterCount) {
      throw new DiskUnreadable(`the chain of clusters from ${String(first)} on is damaged`)
    }
    const start = clusters + (cluster - 2) * clusterSize
    const last = runs.at(-1)
    if (last !== undefined && last.start + last.length === start) {
      runs[runs.length - 1] = { ...last, length: last.length + clusterSize }
    } else runs.push({ start, length: clusterSize })
  }
  return runs
}

function isLast({ sector: { bits } }: Volume, cluster: number): boolean {
  return cluster >= 2 ** Math.min(bits, 28) - 8
}

async function following({ bytes, sector: { bits, table } }: Volume, cluster: number): Promise<number> {
  if (bits === 32) return (await bytes.read(table + cluster * 4, 4)).readUInt32LE(0) & 0x0fff_ffff
  if (bits === 16) return (await bytes.read(table + cluster * 2, 2)).readUInt16LE(0)
  const both = (await bytes.read(table + Math.floor((cluster * 3) / 2), 2)).readUInt16LE(0)
  return cluster % 2 === 0 ? both & 0xfff : both >> 4
}
