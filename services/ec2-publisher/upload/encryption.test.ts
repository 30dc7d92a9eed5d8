import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import {
  blessed,
  bytesOf,
  handle,
  inventory,
  keepDisk,
  readBack,
  registrationsIn,
  setUp,
  tested,
  type Bench,
} from '../testing/bench.ts'

const remedy =
  /encryption by default is on in us-east-1: .*aws ec2 disable-ebs-encryption-by-default --region us-east-1/

/** An encrypted snapshot with the name and digest tags of the event's image, as an earlier version made it. */
async function leaveEncrypted({ region: { ec2, ebs } }: Bench, name: string, sha256: string): Promise<string> {
  await ec2.enableEbsEncryptionByDefault({})
  const tags = [
    { Key: 'Name', Value: name },
    { Key: 'imagedrop:sha256', Value: sha256 },
  ]
  const { SnapshotId: id = '' } = await ebs.startSnapshot({ VolumeSize: 1, Tags: tags })
  await sleep(20)
  await ebs.completeSnapshot({ SnapshotId: id, ChangedBlocksCount: 0 })
  await ec2.disableEbsEncryptionByDefault({})
  await sleep(40)
  return id
}

const name = 'Fedora-Cloud-Base-AmazonEC2.x86_64-19-Beta-1.2'

it('sends nothing to a region where the account encrypts by default, nor to another one, and says what to do', async () => {
  const operations: string[] = []
  await using bench = await setUp(
    { faults: ({ operation }) => (operations.push(operation), null) },
    { IMAGEDROP_EC2_PUBLISHER_REGIONS: 'eu-west-1, us-east-1' },
  )
  const { ec2 } = bench.connect('us-east-1')
  await ec2.enableEbsEncryptionByDefault({})
  const job = handle(bench, tested(await keepDisk(bench.artifacts)))
  await expect(job).rejects.toMatchObject({ failureClass: 'refused' })
  await expect(job).rejects.toThrow(remedy)
  expect(operations).not.toContain('StartSnapshot')
})

it('keeps no snapshot that turns out to be encrypted, and goes on once encryption is off', async () => {
  let race = true
  await using bench = await setUp({
    // It is not to be seen yet when it is to go.
    delays: { visibility: 400 },
    faults: async ({ operation }) => {
      // Just between our look and the start.
      if (race && operation === 'StartSnapshot') await bench.region.ec2.enableEbsEncryptionByDefault({})
      return null
    },
  })
  const disk = await keepDisk(bench.artifacts)
  await expect(handle(bench, tested(disk))).rejects.toThrow(remedy)
  await expect.poll(() => inventory(bench), { timeout: 10_000 }).toEqual({ images: [], snapshots: [] })

  race = false
  await bench.region.ec2.disableEbsEncryptionByDefault({})
  const [registration] = registrationsIn(await handle(bench, tested(disk)))
  expect((await inventory(bench)).snapshots).toMatchObject([{ Encrypted: false }])
  const back = await readBack(bench, registration?.details['snapshot'] ?? '', disk.size)
  expect(back.equals(await bytesOf(bench.artifacts, disk))).toBe(true)
})

it('does not register an encrypted snapshot that an earlier try has left, but a new one', async () => {
  await using bench = await setUp()
  const disk = await keepDisk(bench.artifacts)
  const left = await leaveEncrypted(bench, name, disk.sha256)
  const [registration] = registrationsIn(await handle(bench, tested(disk)))
  expect(registration?.details['snapshot']).not.toBe(left)
  expect((await inventory(bench)).snapshots).toMatchObject([{ Encrypted: false }])
})

it('takes over no image with an encrypted snapshot, and publishes none', async () => {
  await using bench = await setUp()
  const disk = await keepDisk(bench.artifacts)
  const snapshotId = await leaveEncrypted(bench, name, disk.sha256)
  const { ImageId: id = '' } = await bench.region.ec2.registerImage({
    Name: name,
    RootDeviceName: '/dev/xvda',
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: snapshotId } }],
    TagSpecifications: [{ ResourceType: 'image', Tags: [{ Key: 'imagedrop:sha256', Value: disk.sha256 }] }],
  })
  await sleep(40)
  const refusal = new RegExp(`${id} in us-east-1 has an encrypted snapshot.*deregister it`)
  await expect(handle(bench, tested(disk))).rejects.toThrow(refusal)
  const registration = {
    target: 'ec2',
    emulated: true,
    place: 'us-east-1',
    id,
    name,
    details: { snapshot: snapshotId },
  }
  await expect(handle(bench, blessed([registration]))).rejects.toThrow(refusal)
})
