import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SSM } from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createFolderStore } from '#artifacts/folder.ts'
import { readExtents } from '#disk/data-extents.ts'
import type { Server } from '#test/brokers/server.ts'
import { encryptionObstacle } from '../aws/encryption.ts'
import { connectRegion, type Region } from '../aws/region.ts'
import { findClosed } from '../aws/regions.ts'
import { removeImage, removeSnapshot } from '../aws/remove.ts'
import { tagsOf } from '../aws/tags.ts'
import type { UploadOrder } from '../cloud.ts'
import { readEc2PublisherConfig } from '../config.ts'
import { copyImage } from '../copy/copy-image.ts'
import { emulatorAccount } from '../emulator/credentials.ts'
import { connectClients, setUpFrozen } from '../emulator/testing/emulated-cloud.ts'
import { orderFor } from '../jobs/image-order.ts'
import { publishImage } from '../publish/publish-images.ts'
import { keepDisk, tested } from '../testing/bench.ts'
import { openBlockLists } from '../upload/block-lists.ts'
import { findOrMakeSnapshot } from '../upload/find-or-make-snapshot.ts'
import { assertReadsBack } from '../upload/read-back.ts'
import { availability, findImage, registerImage } from '../upload/register-image.ts'
import { hide } from '../withdraw/step-back.ts'
import { provideAwsTools, provideMoto } from './testing/aws-tools.ts'
import type { Things } from './testing/bad-request.ts'
import { badRequests, otherwiseByMoto, takenByMoto } from './testing/bad-requests.ts'
import { startBoto3 } from './testing/boto3.ts'

/**
 * The publisher's steps against an emulator of AWS that is not ours. A whole upload cannot be done there: what moto does not keep
 * of an image, and the calls that it has not, have tests of their own, which fail when it learns them.
 */

const { signal } = new AbortController()
let bin: string
let moto: Server
let folder: string
let order: UploadOrder
let region: Region
let settings: ReturnType<typeof readEc2PublisherConfig>
beforeAll(async () => {
  bin = await provideAwsTools()
  moto = await provideMoto(bin)
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-moto-'))
  settings = readEc2PublisherConfig({
    IMAGEDROP_EC2_PUBLISHER_ENDPOINT: moto.url,
    IMAGEDROP_EC2_PUBLISHER_EMULATED: 'true',
    IMAGEDROP_EC2_PUBLISHER_POLL_SECONDS: '0.02',
    IMAGEDROP_EC2_PUBLISHER_PATIENCE_SECONDS: '20',
  })
  const artifacts = await createFolderStore(join(folder, 'artifacts'))
  order = await orderFor(tested(await keepDisk(artifacts)).body, artifacts, signal)
  region = await connect('us-east-1')
}, 600_000)
afterAll(async () => {
  region[Symbol.dispose]()
  await moto[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function connect(name: string): Promise<Region> {
  return await connectRegion(name, { settings, credentials: emulatorAccount, signal })
}

async function send() {
  const extents = await readExtents(order.disk.path, signal)
  const content = { extents, lists: openBlockLists(null, expect.unreachable), connections: 8, onBytes: () => {} }
  return await findOrMakeSnapshot(region, order, content)
}

it('sends a disk once, and it reads back as it is', async () => {
  const { snapshotId, sent } = await send()
  expect(sent).toBe(4 * 524_288)
  await assertReadsBack(region, snapshotId, order, 16)
  expect(await send()).toEqual({ snapshotId, sent: null })
})

it('opens an image, sees that it is public, closes it and removes it', async () => {
  const { snapshotId } = await send()
  const id = await registerImage(region, order, snapshotId, settings)
  await region.ec2.createTags({ Resources: [id], Tags: tagsOf(order) })
  await availability(region, id)
  expect(await findImage(region, order)).toMatchObject({ ImageId: id, Public: false })
  const registration = { target: 'ec2', emulated: true, place: region.name, id, name: order.name, details: {} }
  await publishImage(region, registration, { publicSnapshot: false, witness: null, protect: false })
  expect(await findImage(region, order)).toMatchObject({ Public: true })
  const image = await findImage(region, order)
  if (image) await hide(region, image)
  expect(await findImage(region, order)).toMatchObject({ Public: false })
  for (const again of [id, id]) await removeImage(region, again)
  for (const again of [snapshotId, snapshotId]) await removeSnapshot(region, again)
  expect(await findImage(region, order)).toBeNull()
})

it('copies an image into another region', async () => {
  using other = await connect('eu-central-1')
  const imageId = await registerImage(region, { ...order, name: 'copied' }, 'snap-0123456789abcdef0', settings)
  const copy = await copyImage(other, { ...order, name: 'copied' }, { imageId, region: region.name }, 20_000)
  expect(copy).toMatchObject({ Name: 'copied', State: 'available', OwnerId: emulatorAccount.accountId })
})

it('sees which regions are closed to the account, and where everything is encrypted', async () => {
  const closed = await findClosed(['us-east-1', 'ap-east-1'], connect)
  expect(closed.map(({ place }) => place)).toEqual(['ap-east-1'])
  using other = await connect('eu-west-1')
  expect(await encryptionObstacle(other)).toEqual([])
  await other.ec2.enableEbsEncryptionByDefault({})
  expect(await encryptionObstacle(other)).toHaveLength(1)
})

it('moto keeps of an image nothing but its name and description', async () => {
  const [{ snapshotId }, name] = [await send(), 'another']
  const id = await registerImage(region, { ...order, name }, snapshotId, settings)
  const { BlockDeviceMappings: [disk] = [], ...image } = await availability(region, id)
  expect(disk?.Ebs?.SnapshotId).not.toBe(snapshotId)
  expect(image).toMatchObject({ Name: name, Tags: [] })
  for (const lost of ['Architecture', 'EnaSupport', 'ImdsSupport']) expect(image).not.toHaveProperty(lost)
})

it('moto has not these calls of ours', async () => {
  const { ec2 } = connectClients(moto.url)
  const { ImageId } = await ec2.registerImage({ Name: 'an image' })
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    GetImageBlockPublicAccessState: () => ec2.getImageBlockPublicAccessState({}),
    GetSnapshotBlockPublicAccessState: () => ec2.getSnapshotBlockPublicAccessState({}),
    ImportSnapshot: () => ec2.importSnapshot({ DiskContainer: { Format: 'RAW', Url: 's3://disks/disk.raw' } }),
    DescribeImportSnapshotTasks: () => ec2.describeImportSnapshotTasks({}),
    CancelImportTask: () => ec2.cancelImportTask({ ImportTaskId: 'import-snap-0123456789abcdef0' }),
    EnableImageDeprecation: () => ec2.enableImageDeprecation({ ImageId, DeprecateAt: new Date('2030-01-01') }),
    AttachImageWatermark: () => ec2.attachImageWatermark({ ImageId, WatermarkName: 'imagedrop' }),
    EnableImageDeregistrationProtection: () => ec2.enableImageDeregistrationProtection({ ImageId }),
    DisableImageDeregistrationProtection: () => ec2.disableImageDeregistrationProtection({ ImageId }),
    'DescribeImageAttribute lastLaunchedTime': () =>
      ec2.describeImageAttribute({ ImageId, Attribute: 'lastLaunchedTime' }),
  }
  const answered = await Promise.all(
    Object.entries(calls).map(([name, call]) =>
      call().then(
        () => name,
        () => null,
      ),
    ),
  )
  expect(answered.filter((name) => name !== null)).toEqual([])
})

it('our emulator refuses as AWS documents it, and moto with the same code wherever it refuses too', async () => {
  await using cloud = await setUpFrozen()
  await using boto3 = startBoto3(bin)
  const ours = await makeThings(cloud.emulator, () => {
    cloud.pass(100)
  })
  const theirs = await makeThings(moto)
  const said: Record<string, Opinions> = {}
  for (const [what, , call] of badRequests) {
    const { refusal = null } = await boto3.call(cloud.emulator, call(ours))
    said[what] = { ours: refusal, moto: (await boto3.call(moto, call(theirs))).refusal ?? null }
  }
  const expected: Record<string, Opinions> = Object.fromEntries(
    badRequests.map(([what, code]) => [what, { ours: code, moto: code }]),
  )
  for (const what of takenByMoto) expected[what] = { ours: expected[what]?.ours ?? '', moto: null }
  for (const [what, moto] of Object.entries(otherwiseByMoto))
    expected[what] = { ours: expected[what]?.ours ?? '', moto }
  expect(said).toEqual(expected)
})

/** Codes of refusals; null for none. */
interface Opinions {
  readonly ours: string | null
  readonly moto: string | null
}

async function makeThings({ url }: { readonly url: string }, pass = () => {}): Promise<Things> {
  const { ec2, ebs } = connectClients(url)
  const { SnapshotId: made = '' } = await ebs.startSnapshot({ VolumeSize: 1 })
  pass()
  await ebs.completeSnapshot({ SnapshotId: made, ChangedBlocksCount: 0 })
  pass()
  const root = { DeviceName: '/dev/xvda', Ebs: { SnapshotId: made } }
  const image = { Name: 'an image', RootDeviceName: '/dev/xvda', BlockDeviceMappings: [root] }
  const { ImageId: ami = '' } = await ec2.registerImage(image)
  pass()
  // Moto gives an image a snapshot of its own.
  const { Images: [seen] = [] } = await ec2.describeImages({ ImageIds: [ami] })
  const parameter = '/a/b'
  const ssm = new SSM({ region: 'us-east-1', endpoint: url, credentials: emulatorAccount, maxAttempts: 1 })
  await ssm.putParameter({ Name: parameter, Type: 'String', Value: 'x' })
  pass()
  return { ami, parameter, snapshot: seen?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? made }
}
