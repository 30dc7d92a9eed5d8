import { codeOf } from '#publishing/sdk-errors.ts'
import type { Region } from '../aws/region.ts'
import type { Ec2Settings } from '../config.ts'

/** No image, snapshot or instance: policies are looked at before what a request is about. */
const nothing = {
  ImageId: 'ami-00000000000000000',
  SnapshotId: 'snap-00000000000000000',
  InstanceId: 'i-00000000000000000',
} as const
const someDay = new Date('2100-01-01T00:00:00Z')

/** How the disk comes to a region: it is sent there, or to a bucket from which AWS imports it, or the image is copied. */
interface Sending {
  readonly sends: boolean
  readonly imports: boolean
}

/** Which calls are made at all. */
export type PermissionSettings = Pick<
  Ec2Settings,
  'publicSnapshots' | 'deprecateDays' | 'protectFinal' | 'watermark' | 'trials'
>

/**
 * The calls that the policies of these credentials do not allow, asked by dry runs of each. EBS direct knows no dry run: a
 * permission that lacks there shows at the first call, StartSnapshot, before anything is sent.
 */
export async function missingPermissions(
  { ec2, name }: Region,
  { sends, imports }: Sending,
  { publicSnapshots, deprecateDays, protectFinal, watermark, trials }: PermissionSettings,
): Promise<string[]> {
  const { ImageId, SnapshotId, InstanceId } = nothing
  const dry = { DryRun: true } as const
  const everybody = { Add: [{ Group: 'all' as const }] }
  const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
    sends
      ? ['RegisterImage', () => ec2.registerImage({ Name: 'imagedrop', ...dry })]
      : ['CopyImage', () => ec2.copyImage({ Name: 'imagedrop', SourceImageId: ImageId, SourceRegion: name, ...dry })],
    ['CreateTags', () => ec2.createTags({ Resources: [ImageId], Tags: [{ Key: 'Name', Value: '' }], ...dry })],
    ['ModifyImageAttribute', () => ec2.modifyImageAttribute({ ImageId, LaunchPermission: everybody, ...dry })],
    ['DeregisterImage', () => ec2.deregisterImage({ ImageId, ...dry })],
    ['DeleteSnapshot', () => ec2.deleteSnapshot({ SnapshotId, ...dry })],
    ...(deprecateDays > 0
      ? [
          [
            'EnableImageDeprecation',
            () => ec2.enableImageDeprecation({ ImageId, DeprecateAt: someDay, ...dry }),
          ] as const,
        ]
      : []),
    ...(protectFinal
      ? ([
          ['EnableImageDeregistrationProtection', () => ec2.enableImageDeregistrationProtection({ ImageId, ...dry })],
          ['DisableImageDeregistrationProtection', () => ec2.disableImageDeregistrationProtection({ ImageId, ...dry })],
        ] as const)
      : []),
    ...(watermark === undefined
      ? []
      : [
          [
            'AttachImageWatermark',
            () => ec2.attachImageWatermark({ ImageId, WatermarkName: watermark, ...dry }),
          ] as const,
        ]),
    ...(imports
      ? ([
          ['ImportSnapshot', () => ec2.importSnapshot(dry)],
          ['DescribeImportSnapshotTasks', () => ec2.describeImportSnapshotTasks(dry)],
          ['CancelImportTask', () => ec2.cancelImportTask(dry)],
        ] as const)
      : []),
    ...(sends && trials.length > 0
      ? ([
          ['RunInstances', () => ec2.runInstances({ ImageId, MinCount: 1, MaxCount: 1, ...dry })],
          ['DescribeInstances', () => ec2.describeInstances(dry)],
          ['GetConsoleOutput', () => ec2.getConsoleOutput({ InstanceId, ...dry })],
          ['TerminateInstances', () => ec2.terminateInstances({ InstanceIds: [InstanceId], ...dry })],
        ] as const)
      : []),
    ...(publicSnapshots
      ? [
          [
            'ModifySnapshotAttribute',
            () => ec2.modifySnapshotAttribute({ SnapshotId, CreateVolumePermission: everybody, ...dry }),
          ] as const,
        ]
      : []),
  ]
  const refused = await Promise.all(calls.map(async ([call, ask]) => ((await isDenied(ask)) ? [call] : [])))
  const missing = refused.flat()
  if (missing.length === 0) return []
  return [
    `these credentials may not call ${missing.join(', ')} in ${name}; give them the permissions that README.md lists`,
  ]
}

/** Any other refusal is about the made-up image: then the policies have let it pass. */
async function isDenied(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask()
    return false
  } catch (error) {
    if (codeOf(error) === null) throw error
    return codeOf(error) === 'UnauthorizedOperation'
  }
}
