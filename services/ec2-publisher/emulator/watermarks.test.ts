import { expect, it } from 'vitest'
import { connectClients, registerEmpty, setUpFrozen } from './testing/emulated-cloud.ts'

const account = '123456789012'

it('gives a private image a mark of its owner, once, and takes it off again (EC2 API, AttachImageWatermark)', async () => {
  await using bench = await setUpFrozen()
  const { ec2 } = bench.region
  const ImageId = await registerEmpty(bench)
  const attach = () => ec2.attachImageWatermark({ ImageId, WatermarkName: 'imagedrop' })
  expect(await attach()).toMatchObject({ WatermarkKey: `${account}:imagedrop` })
  bench.pass(1000)
  await attach()
  const marks = async (id = ImageId) =>
    (await ec2.describeImages({ ImageIds: [id] })).Images?.[0]?.ImageWatermarks ?? []
  const mark = { WatermarkKey: `${account}:imagedrop`, SourceImageId: ImageId, SourceImageRegion: 'us-east-1' }
  expect(await marks()).toMatchObject([mark])
  const found = { Filters: [{ Name: 'image-watermark.watermark-key', Values: [`${account}:image*`] }] }
  expect((await ec2.describeImages(found)).Images).toMatchObject([{ ImageId }])
  await ec2.detachImageWatermark({ ImageId, WatermarkKey: `${account}:imagedrop` })
  expect(await marks()).toEqual([])
})

it('takes the mark along to a copy, with where it came from (EC2 API, AttachImageWatermark)', async () => {
  await using bench = await setUpFrozen()
  const ImageId = await registerEmpty(bench)
  await bench.region.ec2.attachImageWatermark({ ImageId, WatermarkName: 'imagedrop' })
  const { ec2 } = bench.connect('eu-west-1')
  await ec2.copyImage({ Name: 'a copy', SourceImageId: ImageId, SourceRegion: 'us-east-1' })
  bench.pass(50)
  expect((await ec2.describeImages({ Owners: ['self'] })).Images).toMatchObject([
    { ImageWatermarks: [{ SourceImageId: ImageId, SourceImageRegion: 'us-east-1' }] },
  ])
})

it('refuses a mark on a public image, a name that is none, and a stranger (EC2 API, AttachImageWatermark)', async () => {
  const stranger = { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'x', accountId: '9'.repeat(12) }
  const owner = { accessKeyId: 'AKIAOWNER', secretAccessKey: 'y', accountId: account }
  await using bench = await setUpFrozen({ accounts: [stranger, owner] })
  const own = connectClients(bench.emulator.url, { credentials: owner })
  const other = connectClients(bench.emulator.url, { credentials: stranger })
  const ImageId = await registerEmpty({ ...bench, region: own })
  const attach = ({ ec2 }: typeof own, WatermarkName = 'imagedrop') =>
    ec2.attachImageWatermark({ ImageId, WatermarkName })
  await expect(attach(own, 'a+b')).rejects.toMatchObject({ name: 'InvalidParameterValue' })
  await expect(attach(own, 'ab')).rejects.toMatchObject({ name: 'InvalidParameterValue' })
  await own.ec2.modifyImageAttribute({ ImageId, LaunchPermission: { Add: [{ Group: 'all' }] } })
  await expect(attach(own)).rejects.toMatchObject({ name: 'OperationNotPermitted' })
  await expect(attach(other)).rejects.toMatchObject({ name: 'AuthFailure' })
  const unknown = own.ec2.detachImageWatermark({ ImageId, WatermarkKey: `${account}:other` })
  await expect(unknown).rejects.toMatchObject({ name: 'InvalidParameterValue' })
})
