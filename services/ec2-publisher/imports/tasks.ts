import type { ImportSnapshotTask } from '@aws-sdk/client-ec2'
import { onceSeen } from '../aws/late.ts'
import type { Region } from '../aws/region.ts'
import { tagValue } from '../aws/tags.ts'

/** By this tag of a task it is known that what became of it was told, or that it was cancelled by us: another may be begun. */
export const endedTag = 'imagedrop:ended'

const living = new Set(['pending', 'active'])

/** The tasks of ours that are meant, the newest last. AWS lists those that run, and those that ended in the last seven days. */
export async function findTasks(
  { ec2 }: Region,
  isMeant: (task: ImportSnapshotTask) => boolean,
): Promise<ImportSnapshotTask[]> {
  const tasks: ImportSnapshotTask[] = []
  for (let next: string | undefined, first = true; first || next !== undefined; first = false) {
    const page = await ec2.describeImportSnapshotTasks({ NextToken: next })
    tasks.push(...(page.ImportSnapshotTasks ?? []))
    next = page.NextToken
  }
  return tasks.filter(isMeant)
}

/** Whether AWS is still at it. */
export function isAlive({ SnapshotTaskDetail: detail }: Pick<ImportSnapshotTask, 'SnapshotTaskDetail'>): boolean {
  return living.has(detail?.Status ?? '')
}

export function isNoted({ Tags: tags }: ImportSnapshotTask): boolean {
  return tagValue(tags, endedTag) !== null
}

/** Notes that nobody has to ask any more what became of a task. */
export async function noteEnded({ ec2, pace }: Region, { ImportTaskId: id = '' }: ImportSnapshotTask, how: string) {
  await onceSeen(() => ec2.createTags({ Resources: [id], Tags: [{ Key: endedTag, Value: how.slice(0, 256) }] }), pace)
}

/** How far it is, for people: `converting, 42 %`. */
export function describeTask({ SnapshotTaskDetail: detail }: ImportSnapshotTask): string {
  const { Status: status, StatusMessage: message, Progress: percent } = detail ?? {}
  return [message ?? status ?? 'begun', ...(percent === undefined ? [] : [`${percent} %`])].join(', ')
}
