import type { Snapshot } from '@aws-sdk/client-ec2'
import { pollUntil } from '#publishing/wait.ts'
import { TransientError } from '#service/errors.ts'
import { findSnapshots, where } from './find.ts'
import type { Region } from './region.ts'
import { digestTag } from './tags.ts'
import type { UploadOrder } from '../cloud.ts'

/** The snapshots that were made, or begun, for an order. */
export async function findOurs(region: Region, { name, disk }: UploadOrder): Promise<Snapshot[]> {
  return await findSnapshots(region, where('tag:Name', name), where(`tag:${digestTag}`, disk.sha256))
}

/** Resolves when the snapshot is completed. */
export async function completion(region: Region, snapshotId: string): Promise<void> {
  await pollUntil(
    `${snapshotId} in ${region.name} completed`,
    async () => {
      const [seen] = await findSnapshots(region, where('snapshot-id', snapshotId))
      if (seen?.State === 'error')
        throw new TransientError(`${snapshotId} ended in error: ${seen.StateMessage ?? 'no reason given'}`)
      return seen?.State === 'completed' ? true : null
    },
    region.pace,
  )
}
