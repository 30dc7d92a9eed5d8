import type { Image } from '@aws-sdk/client-ec2'
import { isMissing } from '../aws/errors.ts'
import { findImages, where } from '../aws/find.ts'
import type { Region } from '../aws/region.ts'
import { dropTag, imageTag, streamTag, tagValue } from '../aws/tags.ts'

interface Rules {
  /** One that was launched since is kept. */
  readonly since: string | null
  /** The newest so many of a stream are kept. */
  readonly keepLast: number
}

/** Why an image is not removed yet; null when it may go. */
export async function whyKept(region: Region, image: Image, { since, keepLast }: Rules): Promise<string | null> {
  const what = `${image.ImageId ?? '?'} in ${region.name}`
  const launched = since === null ? null : await lastLaunch(region, image)
  if (launched !== null && since !== null && Date.parse(launched) >= Date.parse(since))
    return `${what} was launched at ${launched}`
  const newer = keepLast === 0 ? [] : await newerThan(region, image)
  if (newer.length < keepLast) return `${what} is one of the last ${String(keepLast)} of its stream`
  return null
}

/** AWS tells of a launch with up to a day's delay (EC2 guide, "Check when an AMI was last used"). */
async function lastLaunch({ ec2 }: Region, { ImageId: imageId }: Image): Promise<string | null> {
  try {
    const { LastLaunchedTime: time } = await ec2.describeImageAttribute({
      ImageId: imageId,
      Attribute: 'lastLaunchedTime',
    })
    return time?.Value ?? null
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** The images of later drops in its stream. One of before streams were tagged has none. */
async function newerThan(region: Region, { Tags: tags, CreationDate: made = '' }: Image): Promise<Image[]> {
  const [stream, image, drop] = [streamTag, imageTag, dropTag].map((key) => tagValue(tags, key))
  if (stream === null || stream === undefined || image === null || image === undefined) return []
  const others = await findImages(region, where(`tag:${streamTag}`, stream), where(`tag:${imageTag}`, image))
  return others
    .filter((one) => one.State === 'available' && tagValue(one.Tags, dropTag) !== drop)
    .filter((one) => (one.CreationDate ?? '') > made)
}
