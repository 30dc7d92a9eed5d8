import type { RegisterImageCommandInput } from '@aws-sdk/client-ec2'
import type { EmulatedCloud } from './emulated-cloud.ts'

/** An empty snapshot of 2 GiB, completed. */
export async function makeSnapshot(bench: EmulatedCloud): Promise<string> {
  const { region } = bench
  const { SnapshotId: id = '' } = await region.ebs.startSnapshot({ VolumeSize: 2 })
  bench.pass(10)
  await region.ebs.completeSnapshot({ SnapshotId: id, ChangedBlocksCount: 0 })
  bench.pass(20)
  return id
}

/** A request to register an image of a snapshot. */
export function asked(snapshotId: string, change: Partial<RegisterImageCommandInput> = {}): RegisterImageCommandInput {
  return {
    Name: 'an image',
    Architecture: 'x86_64',
    VirtualizationType: 'hvm',
    RootDeviceName: '/dev/xvda',
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: snapshotId } }],
    ...change,
  }
}

/** An available image of such a snapshot. */
export async function register(bench: EmulatedCloud, change: Partial<RegisterImageCommandInput> = {}): Promise<string> {
  const { ImageId: id = '' } = await bench.region.ec2.registerImage(asked(await makeSnapshot(bench), change))
  bench.pass(20)
  return id
}

/** The change of an image that everybody may launch from then on. */
export const publicly = { LaunchPermission: { Add: [{ Group: 'all' as const }] } }
