import { createHash } from 'node:crypto'
import type { Image } from '@aws-sdk/client-ec2'
import { pollFor, pollUntil } from '#publishing/wait.ts'
import { TransientError } from '#service/errors.ts'
import { codeOf } from '#publishing/sdk-errors.ts'
import { findImages, where } from '../aws/find.ts'
import { latenessWithin } from '../aws/late.ts'
import type { Region } from '../aws/region.ts'
import { tagsOf } from '../aws/tags.ts'
import type { UploadOrder } from '../cloud.ts'
import { findImage, lookAtImage } from '../upload/register-image.ts'

/** A client token whose copy is gone is used up; so many times we take the next. */
const generations = 5

/** What is copied: an available image of ours in another region of the partition. */
export interface Source {
  readonly imageId: string
  readonly region: string
}

/**
 * Gives the copy in this region once it is available: the one that is there, or a new one. Null when it is not available
 * within so many milliseconds; AWS may take hours, and goes on without us.
 */
export async function copyImage(
  region: Region,
  order: UploadOrder,
  source: Source,
  patience: number,
): Promise<Image | null> {
  const found = await findImage(region, order)
  const imageId = found?.ImageId ?? (await beginCopy(region, order, source))
  if (imageId === null) return null
  return await pollFor(() => lookAtImage(region, imageId), { ...region.pace, patience })
}

/** The id of the copy; null when AWS makes as many for the region as it does at once. */
async function beginCopy(region: Region, order: UploadOrder, source: Source): Promise<string | null> {
  for (let generation = 0; generation < generations; generation += 1) {
    const imageId = await requestCopy(region, order, source, generation)
    if (imageId === null || (await isThere(region, imageId))) return imageId
  }
  throw new TransientError(
    `${order.name}: the copies of ${String(generations)} client tokens in ${region.name} are gone`,
  )
}

/** The copy is ours by its tags from the first moment, so that it is found again, and withdrawn, whenever we are killed. */
async function requestCopy(
  region: Region,
  order: UploadOrder,
  source: Source,
  generation: number,
): Promise<string | null> {
  const tags = tagsOf(order)
  try {
    const { ImageId: imageId = '' } = await region.ec2.copyImage({
      Name: order.name,
      Description: `${order.image} of ${order.drop}`.slice(0, 255),
      SourceImageId: source.imageId,
      SourceRegion: source.region,
      ClientToken: clientToken(source, region, generation),
      TagSpecifications: [
        { ResourceType: 'image', Tags: tags },
        { ResourceType: 'snapshot', Tags: tags },
      ],
    })
    return imageId
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ResourceLimitExceeded') return null
    if (code !== 'InvalidAMIName.Duplicate') throw error
    // It can be begun and not yet be seen.
    const what = `${order.name} seen in ${region.name}, where its name is taken`
    const found = await pollUntil(what, () => findImage(region, order), region.pace)
    return found.ImageId ?? ''
  }
}

/** CopyImage takes at most 64 characters here. */
function clientToken({ imageId, region: from }: Source, to: Region, generation: number): string {
  return createHash('sha256')
    .update([imageId, from, to.name, String(generation)].join('\n'))
    .digest('hex')
}

/** False when the client token stood for a copy that was deregistered since. */
async function isThere(region: Region, imageId: string): Promise<boolean> {
  const look = async () => {
    const [seen] = await findImages(region, where('image-id', imageId))
    return seen === undefined ? null : seen
  }
  const seen = await pollFor(look, { ...region.pace, patience: latenessWithin(region.pace) })
  return seen !== null && seen.State !== 'deregistered'
}
