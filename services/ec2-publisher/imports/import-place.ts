import type { Region } from '../aws/region.ts'
import { partitionOf } from '../aws/partitions.ts'
import type { UploadOrder } from '../cloud.ts'
import type { Ec2Settings } from '../config.ts'

/** Where the disks of a partition are put for VM Import, and by which role it reads them. */
export interface ImportPlace {
  readonly bucket: string
  readonly role: string
  readonly partBytes: number
}

export type ImportSettings = Pick<Ec2Settings, 'importBuckets' | 'importRole' | 'importPartMib'>

/** Null where blocks are sent by EBS direct, as everywhere unless the settings name a bucket for the partition. */
export async function importPlaceOf(
  { name }: Pick<Region, 'name'>,
  { importBuckets, importRole: role, importPartMib }: ImportSettings,
): Promise<ImportPlace | null> {
  const bucket = importBuckets[await partitionOf(name)]
  return bucket === undefined ? null : { bucket, role, partBytes: importPartMib * 1024 * 1024 }
}

/** The object that holds the disk of an order: the same whenever it is asked for, and found by its drop. */
export function keyOf({ drop, image, disk }: Pick<UploadOrder, 'drop' | 'image' | 'disk'>): string {
  return `${folderOf(drop, image)}${disk.sha256}.raw`
}

/** What all objects of a drop, or of one of its images, begin with. */
export function folderOf(drop: string, image?: string): string {
  return [`${allOurs}${drop}`, ...(image === undefined ? [] : [image]), ''].join('/')
}

/** What all objects of ours begin with. */
export const allOurs = 'imagedrop/'

/** The drop of an object of ours; null for a key that is none of ours. */
export function dropOf(key: string): string | null {
  return /^imagedrop\/([^/]+)\//.exec(key)?.[1] ?? null
}
