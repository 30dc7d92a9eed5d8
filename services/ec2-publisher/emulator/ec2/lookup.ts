import { refused } from '../api-error.ts'
import type { ImageRecord, ImportRecord, InstanceRecord, SnapshotRecord } from '../records.ts'
import { isVisible } from '../world.ts'
import type { Call } from './action.ts'

/** An AMI of the caller's own, by id. */
export function imageOf({ world, region, owner }: Call, id: string): ImageRecord {
  if (!/^ami-[0-9a-f]{8,17}$/.test(id)) throw refused('InvalidAMIID.Malformed', `Invalid id: "${id}"`)
  const image = world.images.get(id)
  if (!image || image.region !== region || !isVisible(world, image.createdAt, image.deregisteredAt))
    throw refused('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`)
  if (image.owner !== owner) throw refused('AuthFailure', `Not authorized for image: ${id}`)
  if (image.deregisteredAt !== null)
    throw refused('InvalidAMIID.Unavailable', `The image ID '${id}' is no longer available`)
  return image
}

/** A snapshot of the caller's own, by id. */
export function snapshotOf({ world, region, owner }: Call, id: string): SnapshotRecord {
  if (!/^snap-[0-9a-f]{8,17}$/.test(id))
    throw refused(
      'InvalidSnapshotID.Malformed',
      `Value (${id}) for parameter snapshotId is invalid. Expected: 'snap-...'.`,
    )
  const snapshot = world.snapshots.get(id)
  const there = snapshot && snapshot.region === region && isVisible(world, snapshot.startedAt, snapshot.deletedAt)
  if (!there || snapshot.owner !== owner || snapshot.deletedAt !== null)
    throw refused('InvalidSnapshot.NotFound', `The snapshot '${id}' does not exist.`)
  return snapshot
}

const hour = 3_600_000

/** Whether an instance is to be seen: a terminated one for about an hour more (EC2 guide, "Terminate Amazon EC2 instances"). */
export function isInstanceSeen({ world, region, owner }: Call, one: InstanceRecord): boolean {
  const goneAt = one.endedAt === null ? null : one.endedAt + hour
  return one.region === region && one.owner === owner && isVisible(world, one.launchedAt, goneAt)
}

/** An instance of the caller's own, by id. */
export function instanceOf(call: Call, id: string): InstanceRecord {
  if (!/^i-[0-9a-f]{8,17}$/.test(id)) throw refused('InvalidInstanceID.Malformed', `Invalid id: "${id}"`)
  const instance = call.world.instances.get(id)
  if (!instance || !isInstanceSeen(call, instance))
    throw refused('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`)
  return instance
}

/** An import task of the caller's own, by id. */
export function importOf({ world, region, owner }: Call, id: string): ImportRecord {
  const task = world.imports.get(id)
  if (!task || task.region !== region || task.owner !== owner || !isVisible(world, task.startedAt, null))
    throw refused('InvalidConversionTaskId', `The import task ID '${id}' does not exist`)
  return task
}
