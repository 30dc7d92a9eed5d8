import type { Registration } from '#events/vocabulary.ts'
import { findSnapshots, where } from '../aws/find.ts'
import type { Region } from '../aws/region.ts'
import { removeSnapshot } from '../aws/remove.ts'
import { sentTag, tagValue } from '../aws/tags.ts'
import type { UploadOrder } from '../cloud.ts'
import type { Ec2Settings } from '../config.ts'
import type { BlockLists } from './block-lists.ts'
import type { Extent } from '#disk/data-extents.ts'
import { findOrImportSnapshot } from '../imports/find-or-import-snapshot.ts'
import { keyOf, type ImportPlace } from '../imports/import-place.ts'
import { removeObjects } from '../imports/remove-objects.ts'
import { findOrMakeSnapshot } from './find-or-make-snapshot.ts'
import { availability, findImage, registerImage } from './register-image.ts'
import { settleImage, snapshotOf } from './settle-image.ts'
import { bytesToRead } from './upload-blocks.ts'

interface Upload {
  readonly extents: readonly Extent[]
  readonly lists: BlockLists
  readonly settings: Ec2Settings
  /** Where the disk goes by VM Import; null where its blocks are sent. */
  readonly place: ImportPlace | null
  readonly onBytes: (count: number) => void
  readonly onPhase: (phase: string) => void
}

interface Placed {
  readonly registration: Registration
  readonly bytes: number
}

/**
 * Puts an image into one region. Each step looks first for what an earlier try has left. Null while AWS imports the disk, where
 * it was put into a bucket for that: ask again later.
 */
export async function uploadImage(region: Region, order: UploadOrder, upload: Upload): Promise<Placed | null> {
  const { settings, place, onPhase } = upload
  onPhase('looking for the image')
  const found = await findImage(region, order)
  const made =
    found?.ImageId === undefined ? await makeImage(region, order, upload) : { imageId: found.ImageId, sent: null }
  if (made === null) return null
  const { imageId, sent } = made
  onPhase('waiting for the image')
  const image = await availability(region, imageId)
  const registration = await settleImage(region, order, image, settings, sent)
  // Whoever else was at it may have put the disk there once more.
  if (place !== null) await removeObjects(region, place, keyOf(order))
  const [snapshot] = await findSnapshots(region, where('snapshot-id', snapshotOf(image)))
  const told = tagValue(snapshot?.Tags, sentTag) ?? snapshot?.FullSnapshotSizeInBytes
  return { registration, bytes: Number(told ?? bytesToRead(upload.extents, order.disk.size)) }
}

async function makeImage(region: Region, order: UploadOrder, upload: Upload) {
  const { settings, place, onPhase } = upload
  onPhase('uploading')
  const { connections } = settings
  const made =
    place === null
      ? await findOrMakeSnapshot(region, order, { ...upload, connections })
      : await findOrImportSnapshot(region, order, { ...upload, place })
  if (made === null) return null
  const { snapshotId, sent } = made
  onPhase('registering')
  const imageId = await registerImage(region, order, snapshotId, settings)
  const used = snapshotOf(await availability(region, imageId))
  // Somebody else was at the same job and faster: theirs counts.
  if (used !== snapshotId) await removeSnapshot(region, snapshotId)
  return { imageId, sent: used === snapshotId ? sent : null }
}
