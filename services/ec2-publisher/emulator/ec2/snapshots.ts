import { refused } from '../api-error.ts'
import { blockSize } from '../block-size.ts'
import type { SnapshotRecord } from '../records.ts'
import { settingsOf } from '../settings.ts'
import { isVisible, stateOfSnapshot, type World } from '../world.ts'
import type { Action } from './action.ts'
import { applyFilters, type Look } from './filters.ts'
import { snapshotOf } from './lookup.ts'
import { tagSetXml } from './shapes.ts'
import type { Xml } from './xml.ts'

/** DescribeSnapshots: one's own snapshots and those that are public. */
export const describeSnapshots: Action = {
  takes: 'SnapshotId.N Owner.N RestorableBy.N Filter.N.Name Filter.N.Value.N MaxResults NextToken',
  run(call) {
    const { world, parameters, region, owner } = call
    const owners = parameters.texts('Owner').map((one) => (one === 'self' ? owner : one))
    const seen = world.snapshots
      .all()
      .filter((one) => one.region === region && (one.owner === owner || one.public))
      .filter((one) => one.deletedAt === null && isVisible(world, one.startedAt, null))
    const ids = parameters.texts('SnapshotId')
    for (const id of ids) if (!seen.some((one) => one.id === id)) snapshotOf(call, id)
    const asked = seen
      .filter((one) => ids.length === 0 || ids.includes(one.id))
      .filter((one) => owners.length === 0 || owners.includes(one.owner))
    const found = applyFilters(asked, parameters, filtersOf(world))
    return { snapshotSet: found.map((snapshot) => snapshotXml(world, snapshot)) }
  },
}

/** ModifySnapshotAttribute: who may make volumes of it. */
export const modifySnapshotAttribute: Action = {
  takes:
    'SnapshotId Attribute OperationType UserGroup.N UserId.N CreateVolumePermission.Add.N.Group ' +
    'CreateVolumePermission.Add.N.UserId CreateVolumePermission.Remove.N.Group CreateVolumePermission.Remove.N.UserId',
  async run(call) {
    const { world, parameters } = call
    const snapshot = snapshotOf(call, parameters.required('SnapshotId'))
    const groups = (change: string) =>
      parameters.groups(`CreateVolumePermission.${change}`).map((one) => one.required('Group'))
    const [add, remove] = [groups('Add'), groups('Remove')]
    const other = [...add, ...remove].find((group) => group !== 'all')
    if (other !== undefined) throw refused('InvalidParameterValue', `Invalid value '${other}' for group. Use 'all'.`)
    if (add.length + remove.length === 0) throw refused('InvalidParameterCombination', 'No attributes specified.')
    if (add.length > 0 && settingsOf(world, call).snapshotBlockPublicAccess !== 'unblocked')
      throw refused('OperationNotPermitted', 'Public sharing of snapshots is blocked in this Region for this account')
    if (add.length > 0 && snapshot.kmsKeyId !== null)
      throw refused('OperationNotPermitted', 'Encrypted snapshots cannot be made public')
    await world.snapshots.save({ ...snapshot, public: add.length > 0 })
    return { return: true }
  },
}

function filtersOf(world: World): Record<string, Look<SnapshotRecord>> {
  return {
    description: (snapshot) => [snapshot.description],
    encrypted: (snapshot) => [snapshot.kmsKeyId !== null],
    'owner-alias': () => [],
    'owner-id': (snapshot) => [snapshot.owner],
    progress: (snapshot) => [progressOf(world, snapshot)],
    'snapshot-id': (snapshot) => [snapshot.id],
    'start-time': (snapshot) => [new Date(snapshot.startedAt).toISOString()],
    status: (snapshot) => [stateOfSnapshot(world, snapshot)],
    'storage-tier': () => ['standard'],
    'transfer-type': () => ['standard'],
    'volume-id': () => ['vol-ffffffff'],
    'volume-size': (snapshot) => [snapshot.volumeSize],
  }
}

function snapshotXml(world: World, snapshot: SnapshotRecord): Xml {
  const status = stateOfSnapshot(world, snapshot)
  return {
    snapshotId: snapshot.id,
    // What AWS gives for a snapshot that was never taken of a volume.
    volumeId: 'vol-ffffffff',
    status,
    statusMessage: status === 'error' ? 'The snapshot was not completed within its timeout' : null,
    startTime: new Date(snapshot.startedAt).toISOString(),
    progress: progressOf(world, snapshot),
    ownerId: snapshot.owner,
    volumeSize: snapshot.volumeSize,
    description: snapshot.description,
    encrypted: snapshot.kmsKeyId !== null,
    kmsKeyId: snapshot.kmsKeyId,
    storageTier: 'standard',
    fullSnapshotSizeInBytes: status === 'completed' ? snapshot.blocks * blockSize : null,
    tagSet: tagSetXml(snapshot.tags),
  }
}

function progressOf(world: World, snapshot: SnapshotRecord): string {
  return stateOfSnapshot(world, snapshot) === 'completed' ? '100%' : '0%'
}
