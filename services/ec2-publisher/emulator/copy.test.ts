import type { CopyImageCommandInput } from '@aws-sdk/client-ec2'
import { expect, it } from 'vitest'
import { emulatorAccount } from './credentials.ts'
import { setUpFrozen, type EmulatedCloud } from './testing/emulated-cloud.ts'

const tag = { Key: 'colour', Value: 'blue' }

/** An image in us-east-1 with a block of data, tagged, public, deprecated and protected. */
async function makeSource(bench: EmulatedCloud): Promise<string> {
  const { ec2, ebs } = bench.region
  const { SnapshotId: snapshot = '' } = await ebs.startSnapshot({ VolumeSize: 1 })
  bench.pass(10)
  await ebs.completeSnapshot({ SnapshotId: snapshot, ChangedBlocksCount: 0 })
  bench.pass(20)
  const { ImageId: id = '' } = await ec2.registerImage({
    Name: 'the source',
    Architecture: 'arm64',
    BootMode: 'uefi',
    ImdsSupport: 'v2.0',
    EnaSupport: true,
    VirtualizationType: 'hvm',
    RootDeviceName: '/dev/xvda',
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: snapshot, VolumeType: 'gp3' } }],
    TagSpecifications: [{ ResourceType: 'image', Tags: [tag] }],
  })
  bench.pass(20)
  return id
}

function asked(id: string, change: Partial<CopyImageCommandInput> = {}): CopyImageCommandInput {
  return { Name: 'the copy', SourceImageId: id, SourceRegion: 'us-east-1', ...change }
}

it('copies what the machine is, and nothing of who may launch it, how long, and by which tags (EC2 guide, "Copy an Amazon EC2 AMI")', async () => {
  await using bench = await setUpFrozen()
  const id = await makeSource(bench)
  const { ec2 } = bench.region
  await ec2.modifyImageAttribute({ ImageId: id, LaunchPermission: { Add: [{ Group: 'all' }] } })
  await ec2.enableImageDeregistrationProtection({ ImageId: id })
  const elsewhere = bench.connect('eu-west-1').ec2
  const { ImageId: copy = '' } = await elsewhere.copyImage(asked(id))
  bench.pass(10)
  const seen = async () => (await elsewhere.describeImages({ ImageIds: [copy] })).Images?.[0]
  expect(await seen()).toMatchObject({ State: 'pending', SourceImageId: id, SourceImageRegion: 'us-east-1' })
  bench.pass(20)
  const image = await seen()
  expect(image).toMatchObject({
    State: 'available',
    Architecture: 'arm64',
    BootMode: 'uefi',
    ImdsSupport: 'v2.0',
    EnaSupport: true,
    Public: false,
    DeregistrationProtection: 'disabled',
  })
  expect([image?.Tags, image?.DeprecationTime]).toEqual([[], undefined])
  const [mapping] = image?.BlockDeviceMappings ?? []
  const { Snapshots: snapshots } = await elsewhere.describeSnapshots({ OwnerIds: ['self'] })
  expect(snapshots).toMatchObject([{ SnapshotId: mapping?.Ebs?.SnapshotId, State: 'completed', Tags: [] }])
})

it('copies the tags of the image when asked, and gives image and snapshot those of the request (EC2 API, CopyImage: CopyImageTags, TagSpecification)', async () => {
  await using bench = await setUpFrozen()
  const elsewhere = bench.connect('eu-west-1').ec2
  const mine = { Key: 'size', Value: 'small' }
  await elsewhere.copyImage(
    asked(await makeSource(bench), {
      CopyImageTags: true,
      TagSpecifications: [
        { ResourceType: 'image', Tags: [mine] },
        { ResourceType: 'snapshot', Tags: [mine] },
      ],
    }),
  )
  bench.pass(30)
  expect((await elsewhere.describeImages({ Owners: ['self'] })).Images).toMatchObject([{ Tags: [tag, mine] }])
  expect((await elsewhere.describeSnapshots({ OwnerIds: ['self'] })).Snapshots).toMatchObject([{ Tags: [mine] }])
})

it.each([
  ['to another partition', 'cn-north-1', {}, 'InvalidParameterValue'],
  ['of an image that there is not', 'eu-west-1', { SourceImageId: 'ami-00000000000000000' }, 'InvalidAMIID.NotFound'],
  ['of a region that there is not', 'eu-west-1', { SourceRegion: 'eu-wst-1' }, 'InvalidParameterValue'],
  ['to a name that is not one', 'eu-west-1', { Name: 'a+b' }, 'InvalidAMIName.Malformed'],
] satisfies [string, string, Partial<CopyImageCommandInput>, string][])(
  'refuses to copy %s (EC2 API, CopyImage)',
  async (_, to, change, code) => {
    await using bench = await setUpFrozen()
    const id = await makeSource(bench)
    await expect(bench.connect(to).ec2.copyImage(asked(id, change))).rejects.toMatchObject({ name: code })
  },
)

it('gives the same copy for the same client token, also when it is gone, and refuses another request with it (EC2 API, "Ensuring idempotency")', async () => {
  await using bench = await setUpFrozen()
  const id = await makeSource(bench)
  const { ec2 } = bench.connect('eu-west-1')
  const request = asked(id, { ClientToken: 'one' })
  const atOnce = await Promise.all([1, 2, 3].map(() => ec2.copyImage(request)))
  const [{ ImageId: first = '' } = {}] = atOnce
  expect(atOnce.map(({ ImageId: image }) => image)).toEqual([first, first, first])
  bench.pass(30)
  expect((await ec2.copyImage(request)).ImageId).toBe(first)
  await expect(ec2.copyImage({ ...request, Name: 'other' })).rejects.toMatchObject({
    name: 'IdempotentParameterMismatch',
  })
  await expect(ec2.copyImage(asked(id))).rejects.toMatchObject({ name: 'InvalidAMIName.Duplicate' })
  await ec2.deregisterImage({ ImageId: first })
  bench.pass(10)
  expect((await ec2.copyImage(request)).ImageId).toBe(first)
  expect((await ec2.describeImages({ Owners: ['self'] })).Images).toEqual([])
})

it('makes twenty copies for a region at once and no more (EBS guide, "Quotas": concurrent snapshot copies)', async () => {
  await using bench = await setUpFrozen()
  const id = await makeSource(bench)
  const { ec2 } = bench.connect('eu-west-1')
  const copy = (number: number) => ec2.copyImage(asked(id, { Name: `copy ${String(number)}` }))
  for (let number = 1; number <= 20; number += 1) await copy(number)
  await expect(copy(21)).rejects.toThrow(/Too many snapshot copies in progress. The limit is 20/)
  bench.pass(30)
  await copy(21)
})

it('tells why a copy came to nothing (EC2 API, DescribeImages: StateReason)', async () => {
  await using bench = await setUpFrozen({ copyFails: () => 'Internal error' })
  const { ec2 } = bench.connect('eu-west-1')
  await ec2.copyImage(asked(await makeSource(bench)))
  bench.pass(30)
  expect((await ec2.describeImages({ Owners: ['self'] })).Images).toMatchObject([
    { State: 'failed', StateReason: { Message: 'Internal error' } },
  ])
})

it('encrypts copies where the account encrypts by default (EBS guide, "Encryption by default")', async () => {
  await using bench = await setUpFrozen()
  const { ec2 } = bench.connect('eu-west-1')
  await ec2.enableEbsEncryptionByDefault({})
  await ec2.copyImage(asked(await makeSource(bench)))
  bench.pass(30)
  expect((await ec2.describeSnapshots({ OwnerIds: ['self'] })).Snapshots).toMatchObject([{ Encrypted: true }])
})

it('knows the keys of an account only in its partition (IAM guide: partitions have accounts of their own)', async () => {
  await using bench = await setUpFrozen({
    accounts: [{ ...emulatorAccount, partition: 'aws-cn' }],
  })
  await bench.connect('cn-north-1').ec2.describeImages({})
  await expect(bench.region.ec2.describeImages({})).rejects.toMatchObject({ name: 'AuthFailure' })
})

it('says of a dry run whether policies allow the call (EC2 API, CopyImage: DryRun)', async () => {
  await using bench = await setUpFrozen({
    accounts: [{ ...emulatorAccount, denied: ['CopyImage'] }],
  })
  const { ec2 } = bench.region
  const request = { ...asked('ami-00000000000000000'), DryRun: true }
  await expect(ec2.copyImage(request)).rejects.toMatchObject({ name: 'UnauthorizedOperation' })
  await expect(ec2.deregisterImage({ ImageId: 'ami-00000000000000000', DryRun: true })).rejects.toMatchObject({
    name: 'DryRunOperation',
  })
})
