import type { Tag } from '@aws-sdk/client-ec2'
import type { UploadOrder } from '../cloud.ts'

/** By this tag everything of a drop is found, also what no event knows of. */
export const dropTag = 'imagedrop:drop'
/** By this tag an AMI or a snapshot is known to hold the disk that we mean. */
export const digestTag = 'imagedrop:sha256'

/** By this tag the images of drops that follow each other are known. */
export const streamTag = 'imagedrop:stream'
export const imageTag = 'imagedrop:image'

/** What we write on an AMI and on its snapshot. */
export function tagsOf({ drop, image, stream, name, disk }: UploadOrder): { Key: string; Value: string }[] {
  return [
    { Key: 'Name', Value: name },
    { Key: dropTag, Value: drop },
    { Key: streamTag, Value: stream },
    { Key: imageTag, Value: image },
    { Key: digestTag, Value: disk.sha256 },
  ]
}

/** The value of a tag, or null. */
export function tagValue(tags: readonly Tag[] | undefined, key: string): string | null {
  return tags?.find((tag) => tag.Key === key)?.Value ?? null
}
