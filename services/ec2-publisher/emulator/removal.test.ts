import { expect, it } from 'vitest'
import { setUpFrozen } from './testing/emulated-cloud.ts'
import { asked, register } from './testing/images.ts'

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
