import type { EbsBlockDevice, RegisterImageCommandInput } from '@aws-sdk/client-ec2'
import { expect, it } from 'vitest'
import { setUpFrozen } from './testing/emulated-cloud.ts'
import { asked, makeSnapshot, publicly, register } from './testing/images.ts'

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
