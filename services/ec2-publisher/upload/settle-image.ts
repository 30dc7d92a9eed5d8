import type { Image } from '@aws-sdk/client-ec2'
import type { Registration } from '#events/vocabulary.ts'
import { codeOf } from '#publishing/sdk-errors.ts'
import { pollUntil } from '#publishing/wait.ts'
import { assertUnencrypted } from '../aws/encryption.ts'
import { findImages, findSnapshots, where } from '../aws/find.ts'
import { onceSeen } from '../aws/late.ts'
import type { Region } from '../aws/region.ts'
import { sentTag, tagsOf, tagValue, verifiedTag, watermarkOf } from '../aws/tags.ts'
import type { UploadOrder } from '../cloud.ts'
import { importPlaceOf } from '../imports/import-place.ts'
import type { Ec2Settings } from '../config.ts'
import { target } from '../step.ts'
import { assertReadsBack } from './read-back.ts'

const minute = 60_000
const day = 24 * 60 * minute

/**
 * Gives an available image of ours, uploaded or copied, all that it is known and found by, and reads it back. Setting what
 * is set changes nothing. How many bytes were sent for it is written on it where that is known.
 */
export async function settleImage(
  region: Region,
  order: UploadOrder,
  image: Image,
  settings: Ec2Settings,
  sent: number | null = null,
): Promise<Registration> {
  assertUnencrypted(region, image)
  const { ImageId: imageId = '' } = image
  const snapshotId = snapshotOf(image)
  // What was read back once is marked so; a public snapshot cannot be read.
  const isVerified = image.Public === true || tagValue(image.Tags, verifiedTag) === order.disk.sha256
  const unread = settings.sampleBlocks > 0 && !isVerified ? await readBack(region, snapshotId, order, settings) : null
  const tags = [
    ...tagsOf(order),
    ...(settings.sampleBlocks > 0 && unread === null ? [{ Key: verifiedTag, Value: order.disk.sha256 }] : []),
    ...(sent === null ? [] : [{ Key: sentTag, Value: String(sent) }]),
  ]
  await onceSeen(() => region.ec2.createTags({ Resources: [imageId, snapshotId], Tags: tags }), region.pace)
  const deprecation = deprecationOf(image, settings)
  if (deprecation !== null && Date.parse(image.DeprecationTime ?? '') !== deprecation.getTime())
    await onceSeen(() => region.ec2.enableImageDeprecation({ ImageId: imageId, DeprecateAt: deprecation }), region.pace)
  // A public image takes none any more, as one of before there was a setting.
  const mark = image.Public === true ? undefined : settings.watermark
  if (mark !== undefined && watermarkOf(image, mark) === null)
    await onceSeen(() => region.ec2.attachImageWatermark({ ImageId: imageId, WatermarkName: mark }), region.pace)
  const settled = await pollUntil(
    `tags, watermark and deprecation of ${imageId} and ${snapshotId} in ${region.name}`,
    async () => {
      const [seen] = await findImages(region, where('image-id', imageId))
      const [snapshot] = await findSnapshots(region, where('snapshot-id', snapshotId))
      const has = (thing: Pick<Image, 'Tags'> | undefined) =>
        tags.every(({ Key: key, Value: value }) => tagValue(thing?.Tags, key) === value)
      const isDated = deprecation === null || Date.parse(seen?.DeprecationTime ?? '') === deprecation.getTime()
      const isMarked = mark === undefined || (seen !== undefined && watermarkOf(seen, mark) !== null)
      return seen !== undefined && has(seen) && has(snapshot) && isDated && isMarked ? seen : null
    },
    region.pace,
  )
  const watermark = watermarkOf(settled, settings.watermark)
  return {
    target,
    emulated: settings.emulated,
    place: region.name,
    id: imageId,
    name: order.name,
    ...(settled.OwnerId === undefined ? {} : { owner: settled.OwnerId }),
    ...(watermark === null ? {} : { watermark }),
    details: { snapshot: snapshotId, ...(unread === null ? {} : { unverified: unread }) },
  }
}

/**
 * Compares blocks of the snapshot with the disk. Where disks go by VM Import because EBS direct is not allowed, reading by it is not
 * either: then why it was not done is given.
 */
async function readBack(region: Region, snapshotId: string, order: UploadOrder, settings: Ec2Settings) {
  try {
    await assertReadsBack(region, snapshotId, order, settings.sampleBlocks)
    return null
  } catch (error) {
    const isForbidden = codeOf(error) === 'AccessDeniedException'
    if (!isForbidden || (await importPlaceOf(region, settings)) === null) throw error
    return 'not read back: EBS direct is not allowed'
  }
}

/** Counted from when the image was made, so that it is the same whenever we come by; AWS rounds to the minute. */
function deprecationOf({ CreationDate: made }: Image, { deprecateDays }: Ec2Settings): Date | null {
  if (deprecateDays === 0 || made === undefined) return null
  return new Date(Math.floor(Date.parse(made) / minute) * minute + deprecateDays * day)
}

/** The snapshot of the image's root device. */
export function snapshotOf(image: Image): string {
  const root = image.BlockDeviceMappings?.find((one) => one.DeviceName === image.RootDeviceName)
  return root?.Ebs?.SnapshotId ?? ''
}
