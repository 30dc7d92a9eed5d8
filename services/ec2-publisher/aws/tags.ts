import type { Image, Tag } from '@aws-sdk/client-ec2'
import type { UploadOrder } from '../cloud.ts'

/** By this tag everything of a drop is found, also what no event knows of. */
export const dropTag = 'imagedrop:drop'
/** By this tag an AMI or a snapshot is known to hold the disk that we mean. */
export const digestTag = 'imagedrop:sha256'

/** By this tag the images of drops that follow each other are known. */
export const streamTag = 'imagedrop:stream'
export const imageTag = 'imagedrop:image'

/** By this tag it is known which of two images is newer. */
export const composeTag = 'imagedrop:compose'
/** By this tag it is known that what the snapshot holds was read back and is the disk of this digest. */
export const verifiedTag = 'imagedrop:verified'

/** By this tag it is known which snapshot another one was begun as, so that an upload that was cut off can go on. */
export const parentTag = 'imagedrop:parent'
/** By this tag it is known how many bytes were sent for a snapshot. */
export const sentTag = 'imagedrop:sent'

/** What we write on an AMI and on its snapshot. */
export function tagsOf({ drop, image, stream, compose, name, disk }: UploadOrder): { Key: string; Value: string }[] {
  return [
    { Key: 'Name', Value: name },
    { Key: dropTag, Value: drop },
    { Key: streamTag, Value: stream },
    { Key: imageTag, Value: image },
    { Key: composeTag, Value: compose },
    { Key: digestTag, Value: disk.sha256 },
  ]
}

/** The watermark of this name that the image's own account has given it, `123456789012:imagedrop`; null without. */
export function watermarkOf(
  { OwnerId: owner, ImageWatermarks: marks }: Image,
  name: string | undefined,
): string | null {
  const key = `${owner ?? ''}:${name ?? ''}`
  return marks?.some((one) => one.WatermarkKey === key) === true ? key : null
}

/** The value of a tag, or null. */
export function tagValue(tags: readonly Tag[] | undefined, key: string): string | null {
  return tags?.find((tag) => tag.Key === key)?.Value ?? null
}
