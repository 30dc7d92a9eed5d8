import type { Registration } from '#events/vocabulary.ts'
import { codeOf } from './aws-errors.ts'
import { findImages, findSnapshots, where } from './find.ts'
import type { Region } from './region.ts'
import { removeImage, removeSnapshot } from './remove.ts'
import { dropTag } from './tags.ts'
import { pollUntil, type Pace } from './wait.ts'

/**
 * Removes the images and snapshots of a drop in one region: those registered, and those that carry its tag, which an
 * upload that was cut off has left. Goes round until nothing is found, as new things are seen late.
 */
export async function withdrawDrop(
  region: Region,
  drop: string,
  registrations: readonly Registration[],
  pace: Pace,
): Promise<void> {
  await pollUntil(
    `${drop} withdrawn from ${region.name}`,
    async () => {
      const images = await findBoth(
        findImages,
        'image-id',
        registrations.map((one) => one.id),
      )
      const live = images.filter((one) => one.State !== 'deregistered')
      for (const image of live) await removeImage(region, image.ImageId ?? '', pace)
      const snapshots = await findBoth(
        findSnapshots,
        'snapshot-id',
        registrations.flatMap((one) => one.details['snapshot'] ?? []),
      )
      for (const snapshot of snapshots) await removeUnlessUsed(region, snapshot.SnapshotId ?? '', pace)
      return live.length + snapshots.length === 0 ? true : null
    },
    pace,
  )

  async function findBoth<Found>(
    find: (region: Region, pace: Pace, filter: ReturnType<typeof where>) => Promise<Found[]>,
    filter: string,
    ids: readonly string[],
  ): Promise<Found[]> {
    const tagged = await find(region, pace, where(`tag:${dropTag}`, drop))
    return ids.length === 0 ? tagged : [...tagged, ...(await find(region, pace, where(filter, ...ids)))]
  }
}

/** Used by an image that we do not see yet, or not any more: the next round sees it. */
async function removeUnlessUsed(region: Region, snapshotId: string, pace: Pace): Promise<void> {
  try {
    await removeSnapshot(region, snapshotId, { ...pace, patience: 0 })
  } catch (error) {
    if (codeOf(error) !== 'InvalidSnapshot.InUse') throw error
  }
}
