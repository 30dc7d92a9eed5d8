import { setTimeout as sleep } from 'node:timers/promises'
import { EBS } from '@aws-sdk/client-ebs'
import { EC2 } from '@aws-sdk/client-ec2'
import { expect, it } from 'vitest'
import { emulatorAccount } from '../emulator/credentials.ts'
import { handle, keepDisk, setUp, tested, upload } from '../testing/bench.ts'

it('does not adopt an image of the same name with another disk', async () => {
  await using bench = await setUp()
  await handle(bench, tested(await keepDisk(bench.artifacts)))
  const job = handle(bench, tested(await keepDisk(bench.artifacts)))
  await expect(job).rejects.toMatchObject({ failureClass: 'refused' })
  await expect(job).rejects.toThrow(/is taken in us-east-1 by ami-\w+, which holds the disk \w+ instead of/)
})

it('does not adopt an image of the same name that a person made', async () => {
  await using bench = await setUp()
  const [registration] = await upload(bench)
  await bench.region.ec2.registerImage({
    Name: 'Fedora-Cloud-Base-AmazonEC2.i686-19-Beta-1.2',
    RootDeviceName: '/dev/xvda',
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: registration?.details['snapshot'] } }],
  })
  await expect(handle(bench, tested(await keepDisk(bench.artifacts), { architecture: 'i686' }))).rejects.toThrow(
    /something that imagedrop did not make/,
  )
})

it("is not disturbed by somebody else's public image of the same name", async () => {
  const stranger = { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'x', accountId: '999999999999' }
  await using bench = await setUp({ accounts: [emulatorAccount, stranger] })
  const name = 'Fedora-Cloud-Base-AmazonEC2.x86_64-19-Beta-1.2'
  const theirs = new EC2({ region: 'us-east-1', endpoint: bench.emulator.url, credentials: stranger })
  const ebs = new EBS({ region: 'us-east-1', endpoint: bench.emulator.url, credentials: stranger })
  const { SnapshotId: id = '' } = await ebs.startSnapshot({ VolumeSize: 1 })
  await sleep(20)
  await ebs.completeSnapshot({ SnapshotId: id, ChangedBlocksCount: 0 })
  await sleep(40)
  const mapping = { DeviceName: '/dev/sda1', Ebs: { SnapshotId: id } }
  const { ImageId: imageId = '' } = await theirs.registerImage({ Name: name, BlockDeviceMappings: [mapping] })
  await sleep(40)
  await theirs.modifyImageAttribute({ ImageId: imageId, LaunchPermission: { Add: [{ Group: 'all' }] } })

  const [registration] = await upload(bench)
  expect(registration?.id).not.toBe(imageId)
  expect(registration?.name).toBe(name)
})
