import { randomBytes } from 'node:crypto'
import type { ImportSnapshotCommandInput } from '@aws-sdk/client-ec2'
import { IAM } from '@aws-sdk/client-iam'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createBucket, provideS3, s3Credentials, type Bucket } from '#test/brokers/s3.ts'
import type { Server } from '#test/brokers/server.ts'
import { setUpFrozen, type EmulatedCloud } from './testing/emulated-cloud.ts'
import { emulatorAccount } from './credentials.ts'
import type { EmulatorOptions } from './start.ts'

interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const block = 524_288
const other = { ...emulatorAccount, accessKeyId: 'AKIAOTHEREXAMPLE0000', secretAccessKey: 'of another' }
const bytes = Buffer.concat([randomBytes(100), Buffer.alloc(2 * block), randomBytes(412)])

let server: Server
let bucket: Bucket
beforeAll(async () => {
  server = await provideS3()
  bucket = await createBucket(server.url, 'disks-of-the-emulator')
  await bucket.overwrite('disk.raw', bytes)
}, 600_000)
afterAll(async () => {
  bucket[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

async function setUp(options: Partial<EmulatorOptions> = {}): Promise<EmulatedCloud> {
  return await setUpFrozen({ s3: { url: server.url, credentials: s3Credentials }, ...options })
}

function asked(change: Partial<ImportSnapshotCommandInput> = {}, key = 'disk.raw'): ImportSnapshotCommandInput {
  const source = { S3Bucket: 'disks-of-the-emulator', S3Key: key }
  return { DiskContainer: { Format: 'RAW', UserBucket: source }, ...change }
}

/** Starts a task, and gives its id when it is to be seen. */
async function begin(cloud: EmulatedCloud, request = asked()): Promise<string> {
  const { ImportTaskId: id = '' } = await cloud.region.ec2.importSnapshot(request)
  cloud.pass(5)
  return id
}

async function look({ region }: EmulatedCloud, id: string) {
  const { ImportSnapshotTasks: [task] = [] } = await region.ec2.describeImportSnapshotTasks({ ImportTaskIds: [id] })
  return task?.SnapshotTaskDetail
}

it('imports a raw object, and says on the way how far it is (VM Import/Export guide, "Monitor an import snapshot task")', async () => {
  await using cloud = await setUp()
  const { ec2, ebs } = cloud.region
  const tag = { Key: 'Name', Value: 'x' }
  const id = await begin(cloud, asked({ TagSpecifications: [{ ResourceType: 'import-snapshot-task', Tags: [tag] }] }))
  expect(id).toMatch(/^import-snap-0[0-9a-f]{16}$/)
  expect(await look(cloud, id)).toMatchObject({ Status: 'active', StatusMessage: 'pending', Progress: '2' })
  cloud.pass(5)
  expect(await look(cloud, id)).toMatchObject({ Status: 'active', StatusMessage: 'downloading/converting' })
  cloud.pass(5)
  expect(await look(cloud, id)).toMatchObject({ Status: 'active', StatusMessage: 'preparing snapshot' })
  expect((await ec2.describeSnapshots({ OwnerIds: ['self'] })).Snapshots).toEqual([])
  cloud.pass(50)
  const { Status: status, SnapshotId: snapshot = '' } = (await look(cloud, id)) ?? {}
  expect(status).toBe('completed')
  const { Snapshots: [seen] = [] } = await ec2.describeSnapshots({ SnapshotIds: [snapshot] })
  // The tags of the task are not its snapshot's (EC2 API, ImportSnapshot: TagSpecification).
  expect(seen).toMatchObject({ State: 'completed', VolumeSize: 1, Encrypted: false, Tags: [] })
  const { Blocks: blocks = [] } = await ebs.listSnapshotBlocks({ SnapshotId: snapshot })
  expect(blocks.map((one) => one.BlockIndex)).toEqual([0, 2])
  const { ImportSnapshotTasks: [task] = [] } = await ec2.describeImportSnapshotTasks({})
  expect(task?.Tags).toEqual([tag])
})

it.each([
  [
    'a format that there is not',
    'InvalidParameter',
    asked({ DiskContainer: { ...asked().DiskContainer, Format: 'QCOW2' } }),
  ],
  ['a role that is not there, or may not read', 'InvalidParameter', asked({ RoleName: 'importer' })],
  [
    'a bucket that there is not',
    'InvalidParameter',
    asked({ DiskContainer: { Format: 'RAW', UserBucket: { S3Bucket: 'nobody-has-it', S3Key: 'a' } } }),
  ],
  [
    'tags of a snapshot',
    'InvalidParameterValue',
    asked({ TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'a', Value: 'b' }] }] }),
  ],
  [
    'no key',
    'MissingParameter',
    asked({ DiskContainer: { Format: 'RAW', UserBucket: { S3Bucket: 'disks-of-the-emulator' } } }),
  ],
] as const)(
  'refuses to import with %s (VM Import/Export guide, "Troubleshooting"; EC2 API): %s',
  async (_, name, request) => {
    await using cloud = await setUp()
    await expect(cloud.region.ec2.importSnapshot(request)).rejects.toMatchObject({ name })
  },
)

it('reads no bucket of another region (VM Import/Export guide, "The given S3 bucket is not local to the Region")', async () => {
  await using cloud = await setUp()
  await expect(cloud.connect('eu-central-1').ec2.importSnapshot(asked())).rejects.toMatchObject({
    name: 'InvalidParameter',
    message: 'The given S3 bucket is not local to the Region',
  })
})

it('knows the roles that an import can be told (IAM API, GetRole)', async () => {
  await using cloud = await setUp({ accounts: [emulatorAccount, { ...other, denied: ['GetRole'] }] })
  const connect = (credentials: Credentials = emulatorAccount) =>
    new IAM({ region: 'us-east-1', endpoint: cloud.emulator.url, credentials, maxAttempts: 1 })
  const { Role: role } = await connect().getRole({ RoleName: 'vmimport' })
  expect(role?.Arn).toBe(`arn:aws:iam::${emulatorAccount.accountId}:role/vmimport`)
  expect(decodeURIComponent(role?.AssumeRolePolicyDocument ?? '')).toContain('vmie.amazonaws.com')
  const ask = (name: string, iam = connect()) => iam.getRole({ RoleName: name }).catch((error: Error) => error.name)
  expect(await ask('importer')).toBe('NoSuchEntityException')
  expect(await ask('a role')).toBe('ValidationError')
  expect(await ask('vmimport', connect({ ...emulatorAccount, secretAccessKey: 'wrong' }))).toBe('SignatureDoesNotMatch')
  expect(await ask('vmimport', connect(other))).toBe('AccessDenied')
})

it('has no bucket without a server of S3', async () => {
  await using cloud = await setUpFrozen()
  await expect(cloud.region.ec2.importSnapshot(asked())).rejects.toMatchObject({
    message: 'Invalid S3 source location',
  })
})

it('deletes the task of an object that cannot be read when it is due, or is no raw disk, with the reason', async () => {
  await using cloud = await setUp()
  await bucket.overwrite('removed.raw', bytes)
  await bucket.overwrite('empty.raw', Buffer.alloc(0))
  const id = await begin(cloud, asked({}, 'removed.raw'))
  const empty = await begin(cloud, asked({}, 'empty.raw'))
  await bucket.remove('removed.raw')
  cloud.pass(100)
  expect(await look(cloud, id)).toMatchObject({
    Status: 'deleted',
    StatusMessage:
      'ClientError: Disk validation failed [We do not have access to the given resource. Reason 403 Forbidden]',
  })
  expect(await look(cloud, empty)).toMatchObject({
    Status: 'deleted',
    StatusMessage: expect.stringMatching(/^ClientError/) as string,
  })
  expect((await cloud.region.ec2.describeSnapshots({ OwnerIds: ['self'] })).Snapshots).toEqual([])
})

it('takes five at a time (EC2 API, "Error codes": ResourceLimitExceeded)', async () => {
  await using cloud = await setUp()
  for (let number = 0; number < 5; number += 1) await begin(cloud)
  await expect(begin(cloud)).rejects.toMatchObject({ name: 'ResourceLimitExceeded' })
  // Read, and then ready.
  for (const wait of [100, 100]) {
    cloud.pass(wait)
    await cloud.region.ec2.describeImportSnapshotTasks({})
  }
  await begin(cloud)
})

it('begins one task for a client token, and refuses another request with it (EC2 API guide, "Ensuring idempotency")', async () => {
  await using cloud = await setUp()
  const atOnce = await Promise.all([1, 2, 3].map(() => begin(cloud, asked({ ClientToken: 'a' }))))
  const [id = ''] = atOnce
  expect(new Set(atOnce)).toEqual(new Set([id]))
  expect(await begin(cloud, asked({ ClientToken: 'a' }))).toBe(id)
  await expect(begin(cloud, asked({ ClientToken: 'a', Description: 'other' }))).rejects.toMatchObject({
    name: 'IdempotentParameterMismatch',
  })
  await cloud.region.ec2.cancelImportTask({ ImportTaskId: id })
  cloud.pass(100)
  expect(await begin(cloud, asked({ ClientToken: 'a' }))).toBe(id)
})

it('cancels what is at work, and nothing else (EC2 API, CancelImportTask)', async () => {
  await using cloud = await setUp()
  const { ec2 } = cloud.region
  const id = await begin(cloud)
  expect(await ec2.cancelImportTask({ ImportTaskId: id })).toMatchObject({ PreviousState: 'active', State: 'deleting' })
  expect(await look(cloud, id)).toMatchObject({ Status: 'deleting' })
  cloud.pass(100)
  expect(await look(cloud, id)).toMatchObject({ Status: 'deleted' })
  expect(await look(cloud, id)).not.toHaveProperty('SnapshotId')
  await expect(ec2.cancelImportTask({ ImportTaskId: id })).rejects.toMatchObject({ name: 'IncorrectState' })
  await expect(ec2.cancelImportTask({ ImportTaskId: 'import-snap-0' })).rejects.toMatchObject({
    name: 'InvalidConversionTaskId',
  })
})

it('lists tasks in pages, and seven days after they ended no more (EC2 API, DescribeImportSnapshotTasks)', async () => {
  await using cloud = await setUp()
  const { ec2 } = cloud.region
  const [first, second] = [await begin(cloud), await begin(cloud)]
  const { ImportSnapshotTasks: page, NextToken } = await ec2.describeImportSnapshotTasks({ MaxResults: 1 })
  expect(page).toMatchObject([{ ImportTaskId: first }])
  expect((await ec2.describeImportSnapshotTasks({ MaxResults: 1, NextToken })).ImportSnapshotTasks).toMatchObject([
    { ImportTaskId: second },
  ])
  cloud.pass(100)
  await ec2.describeImportSnapshotTasks({})
  const week = 7 * 24 * 3_600_000
  cloud.pass(week)
  // Requests are signed by our clock, which has not gone on.
  ec2.config.systemClockOffset = week
  expect((await ec2.describeImportSnapshotTasks({})).ImportSnapshotTasks).toEqual([])
})

it('goes on with a task after a kill, and encrypts where everything is', async () => {
  await using cloud = await setUp()
  await cloud.region.ec2.enableEbsEncryptionByDefault({})
  const id = await begin(cloud)
  await cloud.restart()
  for (const wait of [100, 100]) {
    cloud.pass(wait)
    await look(cloud, id)
  }
  const { SnapshotId: snapshot = '' } = (await look(cloud, id)) ?? {}
  const { Snapshots: [seen] = [] } = await cloud.region.ec2.describeSnapshots({ SnapshotIds: [snapshot] })
  expect(seen).toMatchObject({ Encrypted: true })
})
