import { createHash } from 'node:crypto'
import type { ImportSnapshotTask, Snapshot } from '@aws-sdk/client-ec2'
import { pollFor } from '#publishing/wait.ts'
import { codeOf } from '#publishing/sdk-errors.ts'
import { messageOf, PermanentError, TransientError } from '#service/errors.ts'
import { findSnapshots, where } from '../aws/find.ts'
import { latenessWithin, onceSeen } from '../aws/late.ts'
import { completion, findOurs } from '../aws/own-snapshots.ts'
import type { Region } from '../aws/region.ts'
import { removeSnapshot } from '../aws/remove.ts'
import { digestTag, tagsOf, tagValue } from '../aws/tags.ts'
import type { UploadOrder } from '../cloud.ts'
import { keyOf, type ImportPlace } from './import-place.ts'
import { putDisk } from './put-disk.ts'
import { describeTask, endedTag, findTasks, isAlive, isNoted, noteEnded } from './tasks.ts'

/** A client token whose task came to nothing is used up; so many times we take the next. */
const generations = 5

interface Content {
  readonly place: ImportPlace
  readonly onBytes: (count: number) => void
  readonly onPhase: (phase: string) => void
}

/** A completed snapshot that holds the order's disk, and how many bytes were sent for it: all that the disk has. */
interface Made {
  readonly snapshotId: string
  readonly sent: number
}

/** Noted of a completed task whose snapshot was looked for long enough. */
const gone = 'its snapshot was deleted'

/**
 * Gives the completed snapshot that holds the order's disk; null while AWS makes it of the object in the bucket, which is to be asked
 * for again later. The task is found by its tags, which its snapshot gets as soon as it is there: AWS gives it none.
 */
export async function findOrImportSnapshot(region: Region, order: UploadOrder, content: Content): Promise<Made | null> {
  const { place, onBytes, onPhase } = content
  const found = await findTagged(region, order)
  if (found !== null) return { snapshotId: found, sent: order.disk.size }
  const tasks = await findTasks(region, (one) => isOf(one, order))
  const alive = tasks.find(isAlive)
  if (alive !== undefined) {
    onPhase(`importing: ${describeTask(alive)}`)
    return null
  }
  for (const task of tasks) {
    const made = await takeUp(region, order, task)
    if (made !== null) return made
  }
  for (const task of tasks) if (!isNoted(task)) await tellFailure(region, task)
  onPhase('sending to S3')
  await putDisk(region, { place, key: keyOf(order), disk: order.disk, onBytes })
  onPhase('importing')
  return await beginImport(region, order, place, tasks.length)
}

/** One that is encrypted can never be public. */
async function findTagged(region: Region, order: UploadOrder): Promise<string | null> {
  for (const { SnapshotId: id = '', Encrypted: encrypted, State: state } of await findOurs(region, order)) {
    if (encrypted === true || state === 'error') {
      await removeSnapshot(region, id)
      continue
    }
    await completion(region, id)
    return id
  }
  return null
}

function isOf({ Tags: tags }: ImportSnapshotTask, { name, disk }: UploadOrder): boolean {
  return tagValue(tags, 'Name') === name && tagValue(tags, digestTag) === disk.sha256
}

/** The snapshot of a completed task, marked as ours; null when it is not there any more, or there never was one. */
async function takeUp(region: Region, order: UploadOrder, task: ImportSnapshotTask): Promise<Made | null> {
  const { Status: status, SnapshotId: id } = task.SnapshotTaskDetail ?? {}
  if (status !== 'completed' || id === undefined) return null
  const snapshot = await look(region, id, tagValue(task.Tags, endedTag) === gone)
  if (snapshot?.Encrypted === true) await removeSnapshot(region, id)
  if (snapshot === null || snapshot.Encrypted === true) return null
  await onceSeen(() => region.ec2.createTags({ Resources: [id], Tags: tagsOf(order) }), region.pace)
  await completion(region, id)
  return { snapshotId: id, sent: order.disk.size }
}

/** A new snapshot is not seen everywhere at once. */
async function look(region: Region, snapshotId: string, isKnownToBeGone: boolean): Promise<Snapshot | null> {
  const { pace } = region
  const find = async () => (await findSnapshots(region, where('snapshot-id', snapshotId)))[0] ?? null
  return await pollFor(find, { ...pace, patience: isKnownToBeGone ? 0 : latenessWithin(pace) })
}

/** Told once, so that whoever retries after it was mended gets another task. */
async function tellFailure(region: Region, task: ImportSnapshotTask): Promise<void> {
  const { StatusMessage: message = 'no reason given', Status: status } = task.SnapshotTaskDetail ?? {}
  await noteEnded(region, task, status === 'completed' ? gone : message)
  if (status === 'completed') return
  const said = `${task.ImportTaskId ?? '?'} in ${region.name} ended as ${status ?? '?'}: ${message}`
  if (!message.startsWith('ClientError')) throw new TransientError(said)
  throw new PermanentError('refused', `${said} (see to the bucket and the role that VM Import reads it by, then retry)`)
}

/** A token that stands for a task that we did not see is of one that came to nothing long ago, or of another process's that is late. */
async function beginImport(
  region: Region,
  order: UploadOrder,
  place: ImportPlace,
  first: number,
): Promise<Made | null> {
  for (let generation = first; generation < first + generations; generation += 1) {
    const task = await startTask(region, order, place, generation)
    if (task === null || isAlive(task)) return null
    const made = await takeUp(region, order, task)
    if (made !== null) return made
  }
  throw new TransientError(`${order.name}: the imports of ${String(generations)} client tokens came to nothing`)
}

/** Null where AWS has as many at once as it takes from an account. */
async function startTask(
  region: Region,
  order: UploadOrder,
  { bucket, role }: ImportPlace,
  generation: number,
): Promise<ImportSnapshotTask | null> {
  const description = `${order.image} of ${order.drop}`.slice(0, 255)
  const request = {
    Description: description,
    RoleName: role,
    DiskContainer: {
      Description: description,
      Format: 'RAW',
      UserBucket: { S3Bucket: bucket, S3Key: keyOf(order) },
    },
    TagSpecifications: [{ ResourceType: 'import-snapshot-task' as const, Tags: tagsOf(order) }],
  }
  const token = createHash('sha256')
    .update(JSON.stringify([region.name, generation, request]))
    .digest('hex')
  try {
    return await region.ec2.importSnapshot({ ...request, ClientToken: token })
  } catch (error) {
    if (codeOf(error) === 'ResourceLimitExceeded') return null
    if (codeOf(error) !== 'InvalidParameter') throw error
    throw new PermanentError(
      'refused',
      `VM Import does not take s3://${bucket}/${keyOf(order)} in ${region.name}: ${messageOf(error)} (see to the bucket ` +
        `and the role ${role}, then retry: the disk is not sent again)`,
      { cause: error },
    )
  }
}
