import type { ImageRecord, TagRecord } from '../records.ts'
import type { Xml } from './xml.ts'

/** A list of tags as EC2 writes it. */
export function tagSetXml(tags: readonly TagRecord[]): Xml {
  return tags.map(({ key, value }) => ({ key, value }))
}

/** A block device mapping as EC2 writes it. */
export function mappingXml(mapping: ImageRecord['mappings'][number]): Xml {
  const { deviceName, virtualName, snapshotId, volumeSize, volumeType, deleteOnTermination, encrypted } = mapping
  const ebs = { snapshotId, volumeSize, volumeType, deleteOnTermination, encrypted }
  return { deviceName, virtualName, ebs: virtualName === null ? ebs : null }
}
