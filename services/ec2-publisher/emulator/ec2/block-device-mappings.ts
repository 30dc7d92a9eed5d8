import { refused } from '../api-error.ts'
import type { ImageRecord } from '../records.ts'
import { stateOfSnapshot } from '../world.ts'
import type { Call } from './action.ts'
import { snapshotOf } from './lookup.ts'
import type { Parameters } from './parameters.ts'

const volumeTypes = ['standard', 'io1', 'io2', 'gp2', 'gp3', 'sc1', 'st1']

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
  const volumeType = parameters.oneOf('Ebs.VolumeType', volumeTypes) ?? 'standard'
  const asked = parameters.integer('Ebs.VolumeSize')
  if (snapshotId !== null && parameters.text('Ebs.Encrypted') !== null)
    throw refused(
      'InvalidParameterCombination',
      'The encryption state of the volume cannot be set by the block device mapping',
    )
  const smallest = snapshotId === null ? 1 : sizeOfCompleted(call, snapshotId)
  if (asked !== null && asked < smallest)
    throw refused(
      'InvalidBlockDeviceMapping',
      `Volume of size ${String(asked)}GB is smaller than snapshot '${snapshotId ?? ''}', expect size >= ${String(smallest)}GB`,
    )
  return {
    deviceName,
    virtualName: parameters.text('VirtualName'),
    snapshotId,
    volumeSize: asked ?? smallest,
    volumeType,
    deleteOnTermination: parameters.text('Ebs.DeleteOnTermination') !== 'false',
  }
}

function sizeOfCompleted(call: Call, snapshotId: string): number {
  const snapshot = snapshotOf(call, snapshotId)
  if (stateOfSnapshot(call.world, snapshot) !== 'completed')
    throw refused('IncorrectState', `Snapshot '${snapshotId}' is not 'completed'.`)
  return snapshot.volumeSize
}
