import { createHash } from 'node:crypto'
import { refused } from '../api-error.ts'
import { freshId } from '../identity.ts'
import { advanceImport, stateOfImport } from '../imports.ts'
import type { ImportRecord } from '../records.ts'
import { isVisible } from '../world.ts'
import type { Action, Call } from './action.ts'
import { applyFilters } from './filters.ts'
import { importOf } from './lookup.ts'
import { parseDescription } from './register-image.ts'
import { taskTags } from './tags.ts'
import { tagSetXml } from './shapes.ts'
import type { Xml } from './xml.ts'

/** Imports on their way in one region; what AWS says then is `Task failed to initialize - conversion task limit (5) exceeded.` */
const mostAtOnce = 5
const week = 7 * 24 * 3_600_000
/** EC2 API, SnapshotDiskContainer: Format. */
const formats = new Set(['VHD', 'VMDK', 'RAW'])

/**
 * ImportSnapshot: the role, the bucket and its region are looked at now, the object when it is read. With the client token of an
 * earlier request it gives the task of that one, whatever became of it since (EC2 API, ImportSnapshot: ClientToken).
 */
export const importSnapshot: Action = {
  takes:
    'ClientToken Description DiskContainer.Description DiskContainer.Format DiskContainer.UserBucket.S3Bucket ' +
    'DiskContainer.UserBucket.S3Key RoleName TagSpecification.N.ResourceType TagSpecification.N.Tag.N.Key ' +
    'TagSpecification.N.Tag.N.Value',
  async run(call) {
    const { world, parameters, region, owner } = call
    const token = parameters.text('ClientToken')
    const tags = taskTags(parameters)
    const format = parameters.required('DiskContainer.Format')
    const bucket = parameters.required('DiskContainer.UserBucket.S3Bucket')
    const key = parameters.required('DiskContainer.UserBucket.S3Key')
    const role = parameters.text('RoleName') ?? 'vmimport'
    const description = parseDescription(parameters) ?? ''
    const request = createHash('sha256')
      .update(JSON.stringify([format, bucket, key, role, description, tags]))
      .digest('hex')
    const known = world.imports
      .all()
      .find((one) => token !== null && one.token === token && one.region === region && one.owner === owner)
    if (known && known.request !== request)
      throw refused('IdempotentParameterMismatch', 'The client token was used for a request with other parameters.')
    if (known) return taskXml(call, known)
    // VM Import/Export User Guide, "Troubleshooting VM Import/Export": the refusals that follow.
    if (!formats.has(format.toUpperCase()))
      throw refused('InvalidParameter', 'Parameter disk-image-size=0 has an invalid format')
    if (world.importRoles[role] !== true)
      throw refused(
        'InvalidParameter',
        `The service role ${role} provided does not exist or does not have sufficient permissions`,
      )
    const home = await world.objects.regionOf(bucket)
    if (home === null) throw refused('InvalidParameter', 'Invalid S3 source location')
    if (home !== region) throw refused('InvalidParameter', 'The given S3 bucket is not local to the Region')
    assertRoom(call)
    const task: ImportRecord = {
      id: freshId('import-snap'),
      region,
      owner,
      description,
      bucket,
      key,
      format,
      token,
      request,
      tags,
      startedAt: world.now().getTime(),
      readAt: null,
      size: 0,
      failure: null,
      snapshotId: null,
      cancelledAt: null,
    }
    await world.imports.save(task)
    return taskXml(call, task)
  },
}

/** DescribeImportSnapshotTasks: those that are active, or were completed or cancelled in the previous 7 days (EC2 API). */
export const describeImportSnapshotTasks: Action = {
  takes: 'ImportTaskId.N Filter.N.Name Filter.N.Value.N MaxResults NextToken',
  async run(call) {
    const { world, parameters, region, owner } = call
    const mine = () => world.imports.all().filter((one) => one.region === region && one.owner === owner)
    for (const task of mine()) await advanceImport(world, task)
    const ids = parameters.texts('ImportTaskId')
    for (const id of ids) importOf(call, id)
    const now = world.now().getTime()
    const listed = applyFilters(mine(), parameters, { 'task-state': (one) => [stateOfImport(world, one).status] })
      .filter((one) => isVisible(world, one.startedAt, null) && now < (one.cancelledAt ?? one.readAt ?? now) + week)
      .filter((one) => ids.length === 0 || ids.includes(one.id))
      .toSorted((one, other) => one.startedAt - other.startedAt || one.id.localeCompare(other.id))
    const first = Number(parameters.text('NextToken') ?? '0')
    const last = first + (parameters.integer('MaxResults') ?? pageSize)
    return {
      importSnapshotTaskSet: listed.slice(first, last).map((task) => taskXml(call, task)),
      nextToken: last < listed.length ? String(last) : null,
    }
  },
}

/** A page where none is asked for; that there are pages is easily forgotten. */
const pageSize = 100

/** CancelImportTask: of a task that is at work; it is `deleting` for a while, and then `deleted`. */
export const cancelImportTask: Action = {
  takes: 'ImportTaskId CancelReason',
  async run(call) {
    const { world, parameters } = call
    const asked = importOf(call, parameters.required('ImportTaskId'))
    const task = await advanceImport(world, asked)
    const { status } = stateOfImport(world, task)
    if (status !== 'active')
      throw refused('IncorrectState', `The task ${task.id} is ${status} and cannot be cancelled.`)
    const cancelled = { ...task, cancelledAt: world.now().getTime() }
    await world.imports.save(cancelled)
    return { importTaskId: task.id, previousState: status, state: stateOfImport(world, cancelled).status }
  },
}

function assertRoom({ world, region, owner }: Call): void {
  const underway = world.imports
    .all()
    .filter((one) => one.region === region && one.owner === owner && stateOfImport(world, one).status === 'active')
  if (underway.length >= mostAtOnce)
    throw refused(
      'ResourceLimitExceeded',
      `Task failed to initialize - conversion task limit (${String(mostAtOnce)}) exceeded.`,
    )
}

function taskXml({ world }: Call, task: ImportRecord): { readonly [name: string]: Xml } {
  const { status, message, progress } = stateOfImport(world, task)
  return {
    description: task.description,
    importTaskId: task.id,
    snapshotTaskDetail: {
      description: task.description,
      diskImageSize: task.size,
      format: task.format,
      progress: progress === null ? null : String(progress),
      snapshotId: status === 'completed' ? task.snapshotId : null,
      status,
      statusMessage: message,
      userBucket: { s3Bucket: task.bucket, s3Key: task.key },
    },
    tagSet: tagSetXml(task.tags),
  }
}
