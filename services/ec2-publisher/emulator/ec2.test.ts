import type { EbsBlockDevice, RegisterImageCommandInput } from '@aws-sdk/client-ec2'
import { expect, it } from 'vitest'
import { setUpFrozen, type EmulatedCloud } from './testing/emulated-cloud.ts'

/** An empty snapshot of 2 GiB, completed. */
async function makeSnapshot(bench: EmulatedCloud): Promise<string> {
  const { region } = bench
  const { SnapshotId: id = '' } = await region.ebs.startSnapshot({ VolumeSize: 2 })
  bench.pass(10)
  await region.ebs.completeSnapshot({ SnapshotId: id, ChangedBlocksCount: 0 })
  bench.pass(20)
  return id
}

function asked(snapshotId: string, change: Partial<RegisterImageCommandInput> = {}): RegisterImageCommandInput {
  return {
    Name: 'an image',
    Architecture: 'x86_64',
    VirtualizationType: 'hvm',
    RootDeviceName: '/dev/xvda',
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: snapshotId } }],
    ...change,
  }
}

async function register(bench: EmulatedCloud, change: Partial<RegisterImageCommandInput> = {}): Promise<string> {
  const { ImageId: id = '' } = await bench.region.ec2.registerImage(asked(await makeSnapshot(bench), change))
  bench.pass(20)
  return id
}

const publicly = { LaunchPermission: { Add: [{ Group: 'all' as const }] } }

it.each([
  ['a name of two characters', 'InvalidAMIName.Malformed', { Name: 'ab' }],
  ['a name of 129 characters', 'InvalidAMIName.Malformed', { Name: 'x'.repeat(129) }],
  ['a plus sign in the name', 'InvalidAMIName.Malformed', { Name: 'a+b' }],
  ['an architecture that there is not', 'InvalidParameterValue', { Architecture: 'i686' as never }],
  ['UEFI on i386', 'InvalidParameterCombination', { Architecture: 'i386', BootMode: 'uefi' }],
  ['BIOS on arm64', 'InvalidParameterCombination', { Architecture: 'arm64', BootMode: 'legacy-bios' }],
  ['a TPM without UEFI', 'InvalidParameterCombination', { TpmSupport: 'v2.0', BootMode: 'legacy-bios' }],
  ['another IMDS than v2.0', 'InvalidParameterValue', { ImdsSupport: 'v1.0' as never }],
  [
    'ENA on paravirtual machines, which are the default',
    'InvalidParameterCombination',
    { VirtualizationType: undefined, EnaSupport: true },
  ],
  ['a description of 256 characters', 'InvalidParameterValue', { Description: 'x'.repeat(256) }],
  ['a root device without a mapping', 'InvalidBlockDeviceMapping', { RootDeviceName: '/dev/sda1' }],
  [
    'tags on what is neither image nor snapshot',
    'InvalidParameterValue',
    { TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'a', Value: 'b' }] }] },
  ],
  [
    'a reserved tag',
    'InvalidParameterValue',
    { TagSpecifications: [{ ResourceType: 'image', Tags: [{ Key: 'aws:a', Value: 'b' }] }] },
  ],
  [
    '51 tags',
    'TagLimitExceeded',
    {
      TagSpecifications: [
        { ResourceType: 'image', Tags: Array.from({ length: 51 }, (_, n) => ({ Key: `k${String(n)}`, Value: '' })) },
      ],
    },
  ],
] satisfies [string, string, Partial<RegisterImageCommandInput>][])(
  'refuses RegisterImage with %s (EC2 API, RegisterImage): %s',
  async (_, code, change) => {
    await using bench = await setUpFrozen()
    await expect(register(bench, change)).rejects.toMatchObject({ name: code })
  },
)

it.each([
  ['a volume smaller than its snapshot', 'InvalidBlockDeviceMapping', { VolumeSize: 1 }],
  ['a volume larger than gp3 has them', 'InvalidParameterValue', { VolumeType: 'gp3', VolumeSize: 65_537 }],
  ['a volume smaller than st1 has them', 'InvalidParameterValue', { VolumeType: 'st1', VolumeSize: 124 }],
  ['an encryption state, which the snapshot decides', 'InvalidParameterCombination', { Encrypted: true }],
  ['a volume type that there is not', 'InvalidParameterValue', { VolumeType: 'gp9' as never }],
] satisfies [string, string, EbsBlockDevice][])(
  'refuses a mapping with %s (EC2 API, RegisterImage and EbsBlockDevice): %s',
  async (_, code, change) => {
    await using bench = await setUpFrozen()
    const SnapshotId = await makeSnapshot(bench)
    const mapping = { DeviceName: '/dev/xvda', Ebs: { SnapshotId, ...change } }
    const request = asked(SnapshotId, { BlockDeviceMappings: [mapping] })
    await expect(bench.region.ec2.registerImage(request)).rejects.toMatchObject({ name: code })
  },
)

it('refuses an image of a snapshot that is not there, malformed, or not completed', async () => {
  await using bench = await setUpFrozen({ delays: { completion: 60_000 } })
  const { ec2, ebs } = bench.region
  const code = (id: string) => ec2.registerImage(asked(id)).catch((error: unknown) => (error as Error).name)
  expect(await code('snap-0123456789abcdef0')).toBe('InvalidSnapshot.NotFound')
  expect(await code('snapshot')).toBe('InvalidSnapshotID.Malformed')
  const { SnapshotId: id = '' } = await ebs.startSnapshot({ VolumeSize: 1 })
  bench.pass(10)
  expect(await code(id)).toBe('IncorrectState')
  await ebs.completeSnapshot({ SnapshotId: id, ChangedBlocksCount: 0 })
  expect(await code(id)).toBe('IncorrectState')
})

it('takes a name once per account and region, and again when its image is gone', async () => {
  await using bench = await setUpFrozen()
  const first = await register(bench)
  await expect(register(bench)).rejects.toMatchObject({
    name: 'InvalidAMIName.Duplicate',
    message: `AMI name an image is already in use by AMI ${first}`,
  })
  await bench.region.ec2.deregisterImage({ ImageId: first })
  expect(await register(bench)).not.toBe(first)
})

it('knows the name of a new image before it shows the image (EC2 guide: eventual consistency)', async () => {
  await using bench = await setUpFrozen({ delays: { visibility: 400 } })
  const { ec2, ebs } = bench.region
  const { SnapshotId: id = '' } = await ebs.startSnapshot({ VolumeSize: 1 })
  bench.pass(450)
  await ebs.completeSnapshot({ SnapshotId: id, ChangedBlocksCount: 0 })
  bench.pass(50)
  const { ImageId: imageId = '' } = await ec2.registerImage(asked(id))
  await expect(ec2.describeImages({ ImageIds: [imageId] })).rejects.toMatchObject({ name: 'InvalidAMIID.NotFound' })
  await expect(ec2.registerImage(asked(id))).rejects.toMatchObject({ name: 'InvalidAMIName.Duplicate' })
  bench.pass(450)
  expect((await ec2.describeImages({ ImageIds: [imageId] })).Images).toHaveLength(1)
})

it('keeps an image pending for a while, and refuses to share it until it is available', async () => {
  await using bench = await setUpFrozen({ delays: { availability: 400 } })
  const { ec2 } = bench.region
  const id = await register(bench)
  const state = async () => (await ec2.describeImages({ ImageIds: [id] })).Images?.[0]?.State
  expect(await state()).toBe('pending')
  await expect(ec2.modifyImageAttribute({ ImageId: id, ...publicly })).rejects.toMatchObject({
    name: 'InvalidAMIID.Unavailable',
  })
  bench.pass(450)
  expect(await state()).toBe('available')
})

it('answers with everything that an image was registered with', async () => {
  await using bench = await setUpFrozen()
  const snapshot = await makeSnapshot(bench)
  const mapping = {
    DeviceName: '/dev/xvda',
    Ebs: { SnapshotId: snapshot, VolumeType: 'gp3' as const, DeleteOnTermination: true },
  }
  const tags = [{ Key: 'a<b>&"c"', Value: 'd e' }]
  await bench.region.ec2.registerImage(
    asked(snapshot, {
      Description: 'with <all>',
      BootMode: 'uefi',
      TpmSupport: 'v2.0',
      ImdsSupport: 'v2.0',
      EnaSupport: true,
      BlockDeviceMappings: [mapping],
      TagSpecifications: [{ ResourceType: 'image', Tags: tags }],
    }),
  )
  bench.pass(20)
  const { Images: images = [] } = await bench.region.ec2.describeImages({ Owners: ['self'] })
  expect(images).toMatchObject([
    {
      Name: 'an image',
      Description: 'with <all>',
      Architecture: 'x86_64',
      BootMode: 'uefi',
      TpmSupport: 'v2.0',
      ImdsSupport: 'v2.0',
      EnaSupport: true,
      OwnerId: '123456789012',
      RootDeviceType: 'ebs',
      BlockDeviceMappings: [{ ...mapping, Ebs: { ...mapping.Ebs, VolumeSize: 2, Encrypted: false } }],
      Tags: tags,
      Public: false,
    },
  ])
})

it.each([
  ['name', 'an*'],
  ['name', 'a? image'],
  ['tag:colour', 'blue'],
  ['tag-key', 'colour'],
  ['architecture', 'x86_64'],
  ['state', 'available'],
  ['is-public', 'false'],
])('finds an image by the filter %s = %s and not by another value of it', async (name, value) => {
  await using bench = await setUpFrozen()
  const tags = [{ ResourceType: 'image' as const, Tags: [{ Key: 'colour', Value: 'blue' }] }]
  await register(bench, { TagSpecifications: tags })
  const find = async (...values: string[]) =>
    (await bench.region.ec2.describeImages({ Owners: ['self'], Filters: [{ Name: name, Values: values }] })).Images
  expect(await find('none of these', value)).toHaveLength(1)
  expect(await find('none of these')).toEqual([])
})

it('refuses a filter that there is not (EC2 API: The filter is invalid)', async () => {
  await using bench = await setUpFrozen()
  const filter = { Filters: [{ Name: 'value', Values: ['x'] }] }
  await expect(bench.region.ec2.describeImages(filter)).rejects.toThrow("The filter 'value' is invalid")
  await expect(bench.region.ec2.describeSnapshots(filter)).rejects.toMatchObject({ name: 'InvalidParameterValue' })
})

it('refuses to make an image public while public access is blocked (EC2 API: OperationNotPermitted)', async () => {
  await using bench = await setUpFrozen()
  const { ec2 } = bench.region
  const id = await register(bench)
  await ec2.enableImageBlockPublicAccess({ ImageBlockPublicAccessState: 'block-new-sharing' })
  expect((await ec2.getImageBlockPublicAccessState({})).ImageBlockPublicAccessState).toBe('block-new-sharing')
  await expect(ec2.modifyImageAttribute({ ImageId: id, ...publicly })).rejects.toMatchObject({
    name: 'OperationNotPermitted',
  })
  await ec2.disableImageBlockPublicAccess({})
  await ec2.modifyImageAttribute({ ImageId: id, ...publicly })
})

it('lets five images per region be public, no more, unless told (EC2 quota: Public AMIs)', async () => {
  await using bench = await setUpFrozen()
  const { ec2 } = bench.region
  const ids: string[] = []
  for (let number = 0; number < 6; number += 1) ids.push(await register(bench, { Name: `image ${String(number)}` }))
  for (const id of ids.slice(0, 5)) await ec2.modifyImageAttribute({ ImageId: id, ...publicly })
  const sixth = () => ec2.modifyImageAttribute({ ImageId: ids[5], ...publicly })
  await expect(sixth()).rejects.toMatchObject({ name: 'ResourceLimitExceeded' })
  await ec2.modifyImageAttribute({ ImageId: ids[0], ...publicly })
  await ec2.modifyImageAttribute({ ImageId: ids[0], LaunchPermission: { Remove: [{ Group: 'all' }] } })
  await sixth()
})

it('understands both ways of writing a launch permission, and shows it', async () => {
  await using bench = await setUpFrozen()
  const { ec2 } = bench.region
  const id = await register(bench)
  const launchPermission = async () =>
    (await ec2.describeImageAttribute({ ImageId: id, Attribute: 'launchPermission' })).LaunchPermissions
  await ec2.modifyImageAttribute({
    ImageId: id,
    Attribute: 'launchPermission',
    OperationType: 'add',
    UserGroups: ['all'],
  })
  expect(await launchPermission()).toEqual([{ Group: 'all' }])
  await ec2.modifyImageAttribute({ ImageId: id, LaunchPermission: { Remove: [{ Group: 'all' }] } })
  expect(await launchPermission()).toEqual([])
  await expect(ec2.modifyImageAttribute({ ImageId: id })).rejects.toMatchObject({ name: 'InvalidParameterCombination' })
})

it('deletes no snapshot that an image uses, nor at once when the image has gone (EC2 API: InvalidSnapshot.InUse)', async () => {
  await using bench = await setUpFrozen({ delays: { visibility: 300 } })
  const { ec2, ebs } = bench.region
  const { SnapshotId: id = '' } = await ebs.startSnapshot({ VolumeSize: 1 })
  bench.pass(350)
  await ebs.completeSnapshot({ SnapshotId: id, ChangedBlocksCount: 0 })
  bench.pass(50)
  const { ImageId: imageId = '' } = await ec2.registerImage(asked(id))
  const remove = () => ec2.deleteSnapshot({ SnapshotId: id })
  await expect(remove()).rejects.toMatchObject({
    name: 'InvalidSnapshot.InUse',
    message: expect.stringContaining(imageId) as string,
  })
  bench.pass(350)
  await ec2.deregisterImage({ ImageId: imageId })
  await expect(remove()).rejects.toMatchObject({ name: 'InvalidSnapshot.InUse' })
  bench.pass(350)
  await remove()
  await expect(remove()).rejects.toMatchObject({ name: 'InvalidSnapshot.NotFound' })
})

it('deletes the snapshots with the image when asked, and says so', async () => {
  await using bench = await setUpFrozen()
  const id = await register(bench)
  const answer = await bench.region.ec2.deregisterImage({ ImageId: id, DeleteAssociatedSnapshots: true })
  expect(answer.DeleteSnapshotResults).toMatchObject([{ ReturnCode: 'success' }])
  bench.pass(20)
  expect((await bench.region.ec2.describeSnapshots({ OwnerIds: ['self'] })).Snapshots).toEqual([])
  await expect(bench.region.ec2.deregisterImage({ ImageId: id })).rejects.toMatchObject({
    name: 'InvalidAMIID.NotFound',
  })
})

it('sets a tag anew and keeps the others', async () => {
  await using bench = await setUpFrozen()
  const id = await register(bench)
  const tag = (Key: string, Value: string) => bench.region.ec2.createTags({ Resources: [id], Tags: [{ Key, Value }] })
  await tag('a', '1')
  await tag('b', '2')
  await tag('a', '3')
  const { Images: images = [] } = await bench.region.ec2.describeImages({ ImageIds: [id] })
  expect(images[0]?.Tags).toEqual([
    { Key: 'a', Value: '3' },
    { Key: 'b', Value: '2' },
  ])
})

it('has nothing to do with a dry run but to say so (EC2 API: DryRunOperation)', async () => {
  await using bench = await setUpFrozen()
  await expect(register(bench, { DryRun: true })).rejects.toMatchObject({ name: 'DryRunOperation' })
  expect((await bench.region.ec2.describeImages({ Owners: ['self'] })).Images).toEqual([])
})

it('refuses an action that it does not have (EC2 API: InvalidAction)', async () => {
  await using bench = await setUpFrozen()
  await expect(bench.region.ec2.describeVpcs({})).rejects.toMatchObject({ name: 'InvalidAction' })
})

it('refuses a parameter that the action does not take (EC2 API: UnknownParameter)', async () => {
  await using bench = await setUpFrozen()
  await expect(bench.region.ec2.describeSnapshots({ RestorableByUserIds: ['self'] })).resolves.toBeDefined()
  const id = await register(bench)
  const watermark = { ImageId: id, ImdsSupport: { Value: 'v2.0' } } as const
  await expect(bench.region.ec2.modifyImageAttribute(watermark)).rejects.toMatchObject({ name: 'UnknownParameter' })
})

it('forgets nothing when it is killed', async () => {
  await using bench = await setUpFrozen()
  const id = await register(bench)
  await bench.region.ec2.modifyImageAttribute({ ImageId: id, ...publicly })
  await bench.restart()
  const { Images: images = [] } = await bench.region.ec2.describeImages({ ImageIds: [id] })
  expect(images).toMatchObject([{ Name: 'an image', Public: true, State: 'available' }])
})
