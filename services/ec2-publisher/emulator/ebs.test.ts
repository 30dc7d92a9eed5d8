import { createHash, randomBytes } from 'node:crypto'
import type { EBS } from '@aws-sdk/client-ebs'
import { expect, it } from 'vitest'
import { setUpFrozen, type EmulatedCloud } from './testing/emulated-cloud.ts'

const blockSize = 524_288
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest()
const unseen = 10
const exampleKey = 'arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012'

async function start(bench: EmulatedCloud, change: Partial<Parameters<EBS['startSnapshot']>[0]> = {}): Promise<string> {
  const { SnapshotId: id = '' } = await bench.region.ebs.startSnapshot({ VolumeSize: 1, ...change })
  bench.pass(unseen)
  return id
}

async function put(
  { region }: Pick<EmulatedCloud, 'region'>,
  id: string,
  index: number,
  bytes: Buffer,
  change: object = {},
): Promise<Buffer> {
  const digest = sha256(bytes)
  await region.ebs.putSnapshotBlock({
    SnapshotId: id,
    BlockIndex: index,
    BlockData: bytes,
    DataLength: bytes.length,
    Checksum: digest.toString('base64'),
    ChecksumAlgorithm: 'SHA256',
    ...change,
  })
  return digest
}

const complete = ({ region }: EmulatedCloud, id: string, count: number, change: object = {}) =>
  region.ebs.completeSnapshot({ SnapshotId: id, ChangedBlocksCount: count, ...change })

const linear = (digests: readonly Buffer[]) => ({
  Checksum: sha256(Buffer.concat(digests)).toString('base64'),
  ChecksumAlgorithm: 'SHA256',
  ChecksumAggregationMethod: 'LINEAR',
})

it('answers StartSnapshot with the block size in bytes (EBS API, StartSnapshot: BlockSize)', async () => {
  await using bench = await setUpFrozen()
  const answer = await bench.region.ebs.startSnapshot({
    VolumeSize: 3,
    Description: 'x',
    Tags: [{ Key: 'a', Value: 'b' }],
  })
  expect(answer).toMatchObject({ BlockSize: blockSize, VolumeSize: 3, Status: 'pending', OwnerId: '123456789012' })
  expect(answer.StartTime?.getTime()).toBeCloseTo(Date.now(), -4)
})

it.each([
  ['VolumeSize is at least 1', { VolumeSize: 0 }],
  ['VolumeSize is at most 65536', { VolumeSize: 65_537 }],
  ['Timeout is at least 10 minutes', { Timeout: 9 }],
  ['Timeout is at most 4320 minutes', { Timeout: 4321 }],
  ['a client token has no white space', { ClientToken: 'a b' }],
  ['a description has at most 255 characters', { Description: 'x'.repeat(256) }],
])('refuses StartSnapshot where %s (EBS API, StartSnapshot)', async (_, change) => {
  await using bench = await setUpFrozen()
  await expect(start(bench, change)).rejects.toMatchObject({ name: 'ValidationException' })
})

it('gives the same snapshot for the same client token and request, ConflictException for another request', async () => {
  await using bench = await setUpFrozen()
  const first = await start(bench, { ClientToken: 'token', Description: 'one' })
  expect(await start(bench, { ClientToken: 'token', Description: 'one' })).toBe(first)
  await expect(start(bench, { ClientToken: 'token', Description: 'two' })).rejects.toMatchObject({
    name: 'ConflictException',
    $metadata: { httpStatusCode: 409 },
  })
})

it('does not know a snapshot at once that it has just started (EC2 guide: eventual consistency)', async () => {
  await using bench = await setUpFrozen({ delays: { visibility: 500 } })
  const { SnapshotId: id = '' } = await bench.region.ebs.startSnapshot({ VolumeSize: 1 })
  await expect(put(bench, id, 0, randomBytes(blockSize))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    Reason: 'SNAPSHOT_NOT_FOUND',
  })
  expect((await bench.region.ec2.describeSnapshots({})).Snapshots).toEqual([])
  bench.pass(550)
  await put(bench, id, 0, randomBytes(blockSize))
})

it.each([
  [
    'the checksum is not that of the data',
    { Checksum: sha256(Buffer.from('other')).toString('base64') },
    'INVALID_BLOCK',
  ],
  ['the declared length is not 524288', { DataLength: 512 }, 'INVALID_BLOCK'],
  ['the index is outside the volume', { BlockIndex: 2048 }, 'INVALID_BLOCK'],
  ['the checksum algorithm is not SHA256', { ChecksumAlgorithm: 'MD5' }, 'INVALID_PARAMETER_VALUE'],
])('refuses a block where %s (EBS API, PutSnapshotBlock)', async (_, change, reason) => {
  await using bench = await setUpFrozen()
  const id = await start(bench)
  await expect(put(bench, id, 0, randomBytes(blockSize), change)).rejects.toMatchObject({
    name: 'ValidationException',
    Reason: reason,
  })
})

it('refuses a block of another size than 524288 bytes (EBS API, PutSnapshotBlock: DataLength)', async () => {
  await using bench = await setUpFrozen()
  const id = await start(bench)
  await expect(put(bench, id, 0, randomBytes(512))).rejects.toMatchObject({ name: 'ValidationException' })
})

it('takes a block again while the snapshot is pending, the last one counts (EBS API, PutSnapshotBlock)', async () => {
  await using bench = await setUpFrozen()
  const id = await start(bench)
  const fresh = randomBytes(blockSize)
  await put(bench, id, 5, randomBytes(blockSize))
  await put(bench, id, 5, fresh)
  expect(await complete(bench, id, 1, linear([sha256(fresh)]))).toMatchObject({ Status: 'pending' })
})

it('refuses CompleteSnapshot with a wrong count of changed blocks', async () => {
  await using bench = await setUpFrozen()
  const id = await start(bench)
  await put(bench, id, 0, randomBytes(blockSize))
  await expect(complete(bench, id, 2)).rejects.toMatchObject({ name: 'ValidationException' })
  await complete(bench, id, 1)
})

it('takes as linear checksum the digest of the raw digests in order of their index, not of their base64', async () => {
  await using bench = await setUpFrozen()
  const id = await start(bench)
  const second = await put(bench, id, 9, randomBytes(blockSize))
  const first = await put(bench, id, 2, randomBytes(blockSize))
  const base64 = sha256(Buffer.from(first.toString('base64') + second.toString('base64'))).toString('base64')
  await expect(complete(bench, id, 2, { ...linear([]), Checksum: base64 })).rejects.toThrow(/linear checksum/)
  await expect(complete(bench, id, 2, linear([second, first]))).rejects.toThrow(/linear checksum/)
  await complete(bench, id, 2, linear([first, second]))
})

it('completes a snapshot only after a while, and takes no blocks and no second completion meanwhile', async () => {
  await using bench = await setUpFrozen({ delays: { completion: 300 } })
  const id = await start(bench)
  const status = async () => (await bench.region.ec2.describeSnapshots({ SnapshotIds: [id] })).Snapshots?.[0]?.State
  await complete(bench, id, 0)
  expect(await status()).toBe('pending')
  await expect(put(bench, id, 0, randomBytes(blockSize))).rejects.toMatchObject({ Reason: 'INVALID_SNAPSHOT_ID' })
  await expect(complete(bench, id, 0)).rejects.toMatchObject({ Reason: 'INVALID_SNAPSHOT_ID' })
  await expect(bench.region.ebs.listSnapshotBlocks({ SnapshotId: id })).rejects.toThrow(/not completed/)
  bench.pass(350)
  expect(await status()).toBe('completed')
})

it('gives up a snapshot that is not completed within its timeout (EBS API, StartSnapshot: Timeout)', async () => {
  await using bench = await setUpFrozen()
  const id = await start(bench, { Timeout: 10 })
  bench.pass(10 * 60_000)
  const { Snapshots: snapshots = [] } = await bench.region.ec2.describeSnapshots({ SnapshotIds: [id] })
  expect(snapshots[0]?.State).toBe('error')
})

it('lists the written blocks in order and page by page, and gives each only for its token', async () => {
  await using bench = await setUpFrozen()
  const id = await start(bench)
  const bytes = randomBytes(blockSize)
  const indexes = Array.from({ length: 120 }, (_, index) => index * 3)
  await Promise.all(indexes.map((index) => put(bench, id, index, bytes)))
  await complete(bench, id, 120)
  bench.pass(30)
  const { ebs } = bench.region
  const page = await ebs.listSnapshotBlocks({ SnapshotId: id, MaxResults: 100 })
  const rest = await ebs.listSnapshotBlocks({ SnapshotId: id, MaxResults: 100, NextToken: page.NextToken })
  const blocks = [...(page.Blocks ?? []), ...(rest.Blocks ?? [])]
  expect(blocks.map((block) => block.BlockIndex)).toEqual(indexes)
  expect(rest.NextToken).toBeUndefined()
  await expect(ebs.listSnapshotBlocks({ SnapshotId: id, MaxResults: 99 })).rejects.toThrow(/100 to 10000/)
  const [one, other] = blocks
  const got = await ebs.getSnapshotBlock({ SnapshotId: id, BlockIndex: one?.BlockIndex, BlockToken: one?.BlockToken })
  expect(bytes.equals(Buffer.from((await got.BlockData?.transformToByteArray()) ?? []))).toBe(true)
  await expect(
    ebs.getSnapshotBlock({ SnapshotId: id, BlockIndex: one?.BlockIndex, BlockToken: other?.BlockToken }),
  ).rejects.toMatchObject({ Reason: 'INVALID_BLOCK_TOKEN' })
})

it('keeps every block and every state over a restart in the middle of an upload', async () => {
  await using bench = await setUpFrozen()
  const id = await start(bench, { ClientToken: 'token' })
  const first = await put(bench, id, 1, randomBytes(blockSize))
  await bench.restart()
  expect(await start(bench, { ClientToken: 'token' })).toBe(id)
  const second = await put(bench, id, 4, randomBytes(blockSize))
  await complete(bench, id, 2, linear([first, second]))
  await bench.restart()
  bench.pass(30)
  const { Blocks: blocks = [] } = await bench.region.ebs.listSnapshotBlocks({ SnapshotId: id })
  expect(blocks.map((block) => block.BlockIndex)).toEqual([1, 4])
})

it('keeps regions apart', async () => {
  await using bench = await setUpFrozen()
  const id = await start(bench)
  const region = bench.connect('eu-west-1')
  await expect(put({ region }, id, 0, randomBytes(blockSize))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  })
})

/** A completed snapshot with a block of data at each of these indexes. */
async function completed(bench: EmulatedCloud, indexes: readonly number[], change = {}): Promise<string> {
  const id = await start(bench, change)
  for (const index of indexes) await put(bench, id, index, Buffer.alloc(blockSize, index))
  await complete(bench, id, indexes.length)
  bench.pass(30)
  return id
}

async function contents({ region: { ebs } }: EmulatedCloud, id: string) {
  const { Blocks: blocks = [] } = await ebs.listSnapshotBlocks({ SnapshotId: id })
  const read = async ({ BlockIndex: index, BlockToken: token }: (typeof blocks)[number]) => {
    const got = await ebs.getSnapshotBlock({ SnapshotId: id, BlockIndex: index, BlockToken: token })
    return [index, (await got.BlockData?.transformToByteArray())?.[0]]
  }
  return await Promise.all(blocks.map(read))
}

it('gives a snapshot the blocks of its parent where none were written to it, also when the parent is deleted (EBS guide, "Write snapshots")', async () => {
  await using bench = await setUpFrozen()
  const parent = await completed(bench, [1, 2])
  const child = await start(bench, { ParentSnapshotId: parent })
  const digest = await put(bench, child, 2, Buffer.alloc(blockSize, 7))
  await complete(bench, child, 1, linear([digest]))
  bench.pass(30)
  const grandchild = await completed(bench, [9], { ParentSnapshotId: child, VolumeSize: 2 })
  for (const id of [parent, child]) await bench.region.ec2.deleteSnapshot({ SnapshotId: id })
  await bench.restart()
  expect(await contents(bench, grandchild)).toEqual([
    [1, 1],
    [2, 7],
    [9, 9],
  ])
  const { Snapshots: snapshots = [] } = await bench.region.ec2.describeSnapshots({ SnapshotIds: [grandchild] })
  expect(snapshots).toMatchObject([{ VolumeSize: 2, FullSnapshotSizeInBytes: 3 * blockSize }])
})

it.each([
  ['is not there', 'ResourceNotFoundException', { ParentSnapshotId: 'snap-00000000000000000' }],
  ['is larger', 'ValidationException', {}],
  ['comes with a wish about encryption', 'ValidationException', { VolumeSize: 2, Encrypted: false }],
  ['comes with a key', 'ValidationException', { VolumeSize: 2, KmsKeyArn: exampleKey }],
])(
  'refuses a parent that %s (EBS API, StartSnapshot: ParentSnapshotId; EBS guide, "Encryption outcomes")',
  async (_, name, change) => {
    await using bench = await setUpFrozen()
    const parent = await completed(bench, [1], { VolumeSize: 2 })
    await expect(start(bench, { ParentSnapshotId: parent, ...change })).rejects.toMatchObject({ name })
  },
)

it('refuses a parent that is not completed, of another region, or not encrypted where everything is', async () => {
  await using bench = await setUpFrozen()
  const begun = await start(bench)
  await expect(start(bench, { ParentSnapshotId: begun })).rejects.toThrow(/not completed/)
  const parent = await completed(bench, [1])
  const elsewhere = bench.connect('eu-west-1').ebs.startSnapshot({ VolumeSize: 1, ParentSnapshotId: parent })
  await expect(elsewhere).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  await bench.region.ec2.enableEbsEncryptionByDefault({})
  await expect(start(bench, { ParentSnapshotId: parent })).rejects.toThrow(/must be encrypted/)
})

it('encrypts a snapshot with the key of its parent', async () => {
  await using bench = await setUpFrozen()
  const parent = await completed(bench, [1], { Encrypted: true, KmsKeyArn: exampleKey })
  const answer = await bench.region.ebs.startSnapshot({ VolumeSize: 1, ParentSnapshotId: parent })
  expect(answer).toMatchObject({ KmsKeyArn: exampleKey, ParentSnapshotId: parent })
})
