import type { Filter } from '@aws-sdk/client-ec2'
import type { Registration } from '#events/vocabulary.ts'
import { pollUntil } from '#publishing/wait.ts'
import { findImages, findSnapshots, where } from '../aws/find.ts'
import type { Region } from '../aws/region.ts'
import { removeImage, removeUnlessUsed } from '../aws/remove.ts'
import { dropTag } from '../aws/tags.ts'

/**
 * Removes the images and snapshots of a drop in one region: those registered, and those that carry its tag, which an
 * upload that was cut off has left. Goes round until nothing is found, as new things are seen late.
 */
export async function withdrawDrop(
  region: Region,
  drop: string,
  registrations: readonly Registration[],
): Promise<void> {
  const imageIds = registrations.map((one) => one.id)
  const snapshotIds = registrations.flatMap((one) => one.details['snapshot'] ?? [])
  await pollUntil(
    `${drop} withdrawn from ${region.name}`,
    async () => {
      const images = await findBoth(findImages, 'image-id', imageIds)
      const live = images.filter((one) => one.State !== 'deregistered')
      for (const image of live) await removeImage(region, image.ImageId ?? '')
      const snapshots = await findBoth(findSnapshots, 'snapshot-id', snapshotIds)
      // One that is still used is taken in a later round.
      for (const snapshot of snapshots) await removeUnlessUsed(region, snapshot.SnapshotId ?? '')
      return live.length + snapshots.length === 0 ? true : null
    },
    region.pace,
  )

  async function findBoth<Found>(
    find: (region: Region, filter: Filter) => Promise<Found[]>,
    filter: string,
    ids: readonly string[],
  ): Promise<Found[]> {
    const tagged = await find(region, where(`tag:${dropTag}`, drop))
    return ids.length === 0 ? tagged : [...tagged, ...(await find(region, where(filter, ...ids)))]
  }
}
