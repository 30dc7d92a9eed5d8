import type { Filter, Image } from '@aws-sdk/client-ec2'
import type { Registration } from '#events/vocabulary.ts'
import { pollUntil } from '#publishing/wait.ts'
import { findImages, findSnapshots, where } from '../aws/find.ts'
import type { Region } from '../aws/region.ts'
import { removeProtected, removeUnlessUsed } from '../aws/remove.ts'
import { dropTag } from '../aws/tags.ts'
import type { WithdrawalStep } from '../cloud.ts'
import { deprecate, hide } from './step-back.ts'
import { whyKept } from './why-kept.ts'

interface Withdrawal {
  readonly step: WithdrawalStep
  /** So many images of a stream are kept, the newest. */
  readonly keepLast: number
}

/**
 * Goes one step back with the images of a drop in one region: those registered, and those that carry its tag, which an
 * upload that was cut off has left. Gives what is kept, and why.
 */
export async function withdrawDrop(
  region: Region,
  drop: string,
  registrations: readonly Registration[],
  { step, keepLast }: Withdrawal,
): Promise<string[]> {
  const imageIds = registrations.map((one) => one.id)
  const snapshotIds = registrations.flatMap((one) => one.details['snapshot'] ?? [])
  if (step.kind !== 'remove') {
    for (const image of await liveImages())
      await (step.kind === 'hide' ? hide(region, image) : deprecate(region, image, new Date(step.from)))
    return []
  }
  return await remove(step.unlessLaunchedSince)

  /** Goes round until nothing is found but what is kept, as new things are seen late. */
  async function remove(since: string | null): Promise<string[]> {
    return await pollUntil(
      `${drop} withdrawn from ${region.name}`,
      async () => {
        const live = await liveImages()
        const kept = new Map<Image, string>()
        for (const image of live) {
          const reason = await whyKept(region, image, { since, keepLast })
          if (reason === null) await removeProtected(region, image)
          else kept.set(image, reason)
        }
        const used = new Set([...kept.keys()].flatMap(snapshotsOf))
        const snapshots = await findBoth(findSnapshots, 'snapshot-id', snapshotIds)
        const unused = snapshots.filter(({ SnapshotId: id = '' }) => !used.has(id))
        // One that is still used is taken in a later round.
        for (const snapshot of unused) await removeUnlessUsed(region, snapshot.SnapshotId ?? '')
        return live.length - kept.size + unused.length === 0 ? [...kept.values()] : null
      },
      region.pace,
    )
  }

  async function liveImages(): Promise<Image[]> {
    const images = await findBoth(findImages, 'image-id', imageIds)
    const byId = new Map(images.map((image) => [image.ImageId, image]))
    return [...byId.values()].filter((one) => one.State !== 'deregistered')
  }

  async function findBoth<Found>(
    find: (region: Region, filter: Filter) => Promise<Found[]>,
    filter: string,
    ids: readonly string[],
  ): Promise<Found[]> {
    const tagged = await find(region, where(`tag:${dropTag}`, drop))
    return ids.length === 0 ? tagged : [...tagged, ...(await find(region, where(filter, ...ids)))]
  }
}

function snapshotsOf({ BlockDeviceMappings: mappings = [] }: Image): string[] {
  return mappings.flatMap(({ Ebs: disk }) => disk?.SnapshotId ?? [])
}
