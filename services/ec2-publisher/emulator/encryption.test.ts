import { expect, it } from 'vitest'
import { setUpFrozen, type EmulatedCloud } from './testing/emulated-cloud.ts'

const key = 'arn:aws:kms:us-east-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef'
const managedKey = /^arn:aws:kms:us-east-1:123456789012:key\/[0-9a-f-]{36}$/

/** A completed snapshot and an available image of it. */
async function makeImage(bench: EmulatedCloud, change: { Encrypted?: boolean } = {}) {
  const { ec2, ebs } = bench.region
  const { SnapshotId: snapshotId = '' } = await ebs.startSnapshot({ VolumeSize: 1, ...change })
  bench.pass(10)
  await ebs.completeSnapshot({ SnapshotId: snapshotId, ChangedBlocksCount: 0 })
  bench.pass(20)
  const { ImageId: imageId = '' } = await ec2.registerImage({
    Name: `of ${snapshotId}`,
    VirtualizationType: 'hvm',
    RootDeviceName: '/dev/xvda',
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: snapshotId } }],
  })
  bench.pass(20)
  return { snapshotId, imageId }
}

it.each([
  [{}, false, 'none'],
  [{}, true, 'managed'],
  [{ Encrypted: true }, false, 'managed'],
  [{ Encrypted: true }, true, 'managed'],
  [{ Encrypted: true, KmsKeyArn: key }, false, 'given'],
  [{ KmsKeyArn: key }, false, 'given'],
  [{ KmsKeyArn: key }, true, 'given'],
  [{ Encrypted: false }, false, 'none'],
  [{ Encrypted: false }, true, 'refused'],
  [{ Encrypted: false, KmsKeyArn: key }, false, 'refused'],
] as const)(
  'starts a snapshot of %j, encryption by default %s, with the key: %s (EBS guide, "Encryption outcomes")',
  async (change, byDefault, outcome) => {
    await using bench = await setUpFrozen()
    const { ec2, ebs } = bench.region
    if (byDefault) await ec2.enableEbsEncryptionByDefault({})
    const starting = ebs.startSnapshot({ VolumeSize: 1, ...change })
    if (outcome === 'refused') {
      await expect(starting).rejects.toMatchObject({ name: 'ValidationException' })
      return
    }
    const { KmsKeyArn: used, SnapshotId: id = '' } = await starting
    if (outcome === 'none') expect(used).toBeUndefined()
    else expect(used).toMatch(outcome === 'given' ? key : managedKey)
    bench.pass(10)
    const { Snapshots: snapshots } = await ec2.describeSnapshots({ SnapshotIds: [id] })
    expect(snapshots).toMatchObject([{ Encrypted: outcome !== 'none' }])
    expect(snapshots?.[0]?.KmsKeyId).toBe(used)
  },
)

it('is told to encrypt, or not, for each region by itself, for what is made from then on', async () => {
  await using bench = await setUpFrozen()
  const { ec2 } = bench.region
  const before = await makeImage(bench)
  expect((await ec2.getEbsEncryptionByDefault({})).EbsEncryptionByDefault).toBe(false)
  expect((await ec2.enableEbsEncryptionByDefault({})).EbsEncryptionByDefault).toBe(true)
  await bench.restart()
  expect((await bench.region.ec2.getEbsEncryptionByDefault({})).EbsEncryptionByDefault).toBe(true)
  expect((await bench.connect('eu-west-1').ec2.getEbsEncryptionByDefault({})).EbsEncryptionByDefault).toBe(false)
  const filter = { Owners: ['self'], Filters: [{ Name: 'block-device-mapping.encrypted', Values: ['true'] }] }
  expect((await bench.region.ec2.describeImages(filter)).Images).toEqual([])
  const after = await makeImage(bench)
  expect((await bench.region.ec2.describeImages(filter)).Images).toMatchObject([
    { ImageId: after.imageId, BlockDeviceMappings: [{ Ebs: { Encrypted: true } }] },
  ])
  expect(before.imageId).not.toBe(after.imageId)
  expect((await bench.region.ec2.disableEbsEncryptionByDefault({})).EbsEncryptionByDefault).toBe(false)
})

it('makes no image with an encrypted snapshot public (EC2 guide, "Make your AMI publicly available": encrypted)', async () => {
  await using bench = await setUpFrozen()
  const { imageId } = await makeImage(bench, { Encrypted: true })
  const publicly = { ImageId: imageId, LaunchPermission: { Add: [{ Group: 'all' as const }] } }
  const job = bench.region.ec2.modifyImageAttribute(publicly)
  await expect(job).rejects.toMatchObject({ name: 'UnsupportedOperation' })
  await expect(job).rejects.toThrow("Encrypted snapshots can't be shared publicly. Specify another snapshot.")
})

it('makes no encrypted snapshot public (EC2 API, ModifySnapshotAttribute: "cannot be made public")', async () => {
  await using bench = await setUpFrozen()
  const { snapshotId } = await makeImage(bench, { Encrypted: true })
  const publicly = { SnapshotId: snapshotId, CreateVolumePermission: { Add: [{ Group: 'all' as const }] } }
  await expect(bench.region.ec2.modifySnapshotAttribute(publicly)).rejects.toMatchObject({
    name: 'OperationNotPermitted',
  })
})
