import type { ImportSnapshotTask, Tag } from '@aws-sdk/client-ec2'
import { pollUntil } from '#publishing/wait.ts'
import { codeOf } from '#publishing/sdk-errors.ts'
import { isMissing } from '../aws/errors.ts'
import type { Region } from '../aws/region.ts'
import { removeUnlessUsed } from '../aws/remove.ts'
import { dropTag, imageTag, tagValue } from '../aws/tags.ts'
import { folderOf, type ImportPlace } from './import-place.ts'
import { removeObjects } from './remove-objects.ts'
import { findTasks, isAlive, isNoted, noteEnded } from './tasks.ts'

interface Meant {
  readonly drop: string
  /** Only of this image: `ec2.x86_64`. */
  readonly image?: string
  /** What becomes of snapshots that are there and not marked as ours yet: they go, or are marked for another try. */
  readonly snapshots: 'remove' | 'mark'
}

/** Cancels the imports of a drop that are under way, and removes what was put into the bucket for them. */
export async function endImports(region: Region, place: ImportPlace, meant: Meant): Promise<void> {
  const isMeant = ({ Tags: tags }: ImportSnapshotTask) =>
    tagValue(tags, dropTag) === meant.drop && (meant.image === undefined || tagValue(tags, imageTag) === meant.image)
  const tasks = await pollUntil(
    `imports of ${meant.drop} in ${region.name} ended`,
    async () => {
      const found = await findTasks(region, isMeant)
      for (const task of found.filter(isAlive)) await cancel(region, task)
      return found.some((one) => isAlive(one) || one.SnapshotTaskDetail?.Status === 'deleting') ? null : found
    },
    region.pace,
  )
  for (const { SnapshotTaskDetail: detail, Tags: tags = [] } of tasks) {
    if (detail?.Status !== 'completed' || detail.SnapshotId === undefined) continue
    if (meant.snapshots === 'remove') await removeUnlessUsed(region, detail.SnapshotId)
    else await mark(region, detail.SnapshotId, tags)
  }
  await removeObjects(region, place, folderOf(meant.drop, meant.image))
}

/** Noted first: what we have cancelled is no failure to tell of. One that ended meanwhile cannot be cancelled. */
async function cancel(region: Region, task: ImportSnapshotTask): Promise<void> {
  if (!isNoted(task)) await noteEnded(region, task, 'cancelled')
  try {
    await region.ec2.cancelImportTask({ ImportTaskId: task.ImportTaskId, CancelReason: 'the drop has ended' })
  } catch (error) {
    const [now] = await findTasks(region, (one) => one.ImportTaskId === task.ImportTaskId)
    if (codeOf(error) === null || (now !== undefined && isAlive(now))) throw error
  }
}

async function mark(region: Region, snapshotId: string, tags: readonly Tag[]): Promise<void> {
  try {
    await region.ec2.createTags({ Resources: [snapshotId], Tags: [...tags] })
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}
