import { refused } from '../api-error.ts'
import type { ImageRecord, SnapshotRecord } from '../records.ts'
import { stateOfSnapshot } from '../world.ts'
import type { Call } from './action.ts'
import { snapshotOf } from './lookup.ts'
import type { Parameters } from './parameters.ts'

/** Smallest and largest size of each type, in GiB (EC2 API, EbsBlockDevice: VolumeSize). */
const sizes: Readonly<Record<string, readonly [number, number]>> = {
  standard: [1, 1024],
  io1: [4, 16_384],
  io2: [4, 65_536],
  gp2: [1, 16_384],
  gp3: [1, 65_536],
  sc1: [125, 16_384],
  st1: [125, 16_384],
}

/** Reads the mappings of an image. Their snapshots must be there, completed, and fit. */
export function parseMappings(call: Call): ImageRecord['mappings'] {
  const mappings = call.parameters.groups('BlockDeviceMapping').map((one) => parseMapping(call, one))
  const devices = mappings.map((one) => one.deviceName)
  const twice = devices.find((name, index) => devices.indexOf(name) !== index)
  if (twice !== undefined)
    throw refused('InvalidBlockDeviceMapping', `The device '${twice}' is used in more than one block-device mapping`)
  return mappings
}

function parseMapping(call: Call, parameters: Parameters): ImageRecord['mappings'][number] {
  const deviceName = parameters.required('DeviceName')
  const snapshotId = parameters.text('Ebs.SnapshotId')
  const volumeType = parameters.oneOf('Ebs.VolumeType', Object.keys(sizes)) ?? 'standard'
  const asked = parameters.integer('Ebs.VolumeSize')
  if (snapshotId !== null && parameters.text('Ebs.Encrypted') !== null)
    throw refused(
      'InvalidParameterCombination',
      'The encryption state of the volume cannot be set by the block device mapping',
    )
  const snapshot = snapshotId === null ? null : completedSnapshot(call, snapshotId)
  const smallest = snapshot?.volumeSize ?? 1
  if (asked !== null && asked < smallest)
    throw refused(
      'InvalidBlockDeviceMapping',
      `Volume of size ${String(asked)}GB is smaller than snapshot '${snapshotId ?? ''}', expect size >= ${String(smallest)}GB`,
    )
  const volumeSize = asked ?? smallest
  assertFits(volumeType, volumeSize)
  return {
    deviceName,
    virtualName: parameters.text('VirtualName'),
    snapshotId,
    volumeSize,
    volumeType,
    deleteOnTermination: parameters.text('Ebs.DeleteOnTermination') !== 'false',
    encrypted: (snapshot?.kmsKeyId ?? null) !== null,
  }
}

function assertFits(volumeType: string, volumeSize: number): void {
  const [least, most] = sizes[volumeType] ?? [1, 1]
  if (volumeSize >= least && volumeSize <= most) return
  throw refused(
    'InvalidParameterValue',
    `Volume of ${String(volumeSize)}GiB does not fit the volume type ${volumeType}: from ${String(least)} to ${String(most)} GiB`,
  )
}

function completedSnapshot(call: Call, snapshotId: string): SnapshotRecord {
  const snapshot = snapshotOf(call, snapshotId)
  if (stateOfSnapshot(call.world, snapshot) !== 'completed')
    throw refused('IncorrectState', `Snapshot '${snapshotId}' is not 'completed'.`)
  return snapshot
}
