import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { tellingInstance } from '#publishing/telling-guest.ts'
import { followWaits } from '#publishing/testing/follow-waits.ts'
import { run } from '#subprocess/run.ts'
import { createBucket, s3Credentials } from '#test/brokers/s3.ts'
import { emulatorAccount } from '../emulator/credentials.ts'
import type { InstanceRecord } from '../emulator/records.ts'
import { registerEmpty, setUpFrozen, type EmulatedCloud } from '../emulator/testing/emulated-cloud.ts'
import { everything } from '../testing/everything.ts'
import {
  blessed,
  expired,
  handle,
  handleOnce,
  keepDisk,
  registrationsIn,
  setUp,
  superseded,
  tested,
} from '../testing/bench.ts'
import { followImport, openImportHouse, type ImportHouse } from '../testing/import-bench.ts'
import { tellingGuest } from '../testing/telling-guest.ts'
import { provideAwsTools } from './testing/aws-tools.ts'
import { startBoto3, type Boto3, type Call } from './testing/boto3.ts'

let bin: string
let boto3: Boto3
let cloud: EmulatedCloud
let house: ImportHouse
const asked = new Set<string>()
beforeAll(async () => {
  bin = await provideAwsTools()
  boto3 = startBoto3(bin)
  house = await openImportHouse()
  cloud = await setUpFrozen({
    s3: { url: house.server.url, credentials: s3Credentials },
    startGuest: (instance) => tellingGuest(instance),
    faults({ operation }) {
      asked.add(operation)
      return null
    },
  })
}, 600_000)
afterAll(async () => {
  await boto3[Symbol.asyncDispose]()
  await cloud[Symbol.asyncDispose]()
  await house[Symbol.asyncDispose]()
})

const bytes = Buffer.alloc(524_288, 7)
const sha256 = createHash('sha256').update(bytes)
const block = {
  BlockIndex: 0,
  BlockData: { base64: bytes.toString('base64') },
  DataLength: bytes.length,
  Checksum: sha256.copy().digest('base64'),
  ChecksumAlgorithm: 'SHA256',
}
const everybody = { Add: [{ Group: 'all' }] }

type Answer = Readonly<Record<string, unknown>>

/** Makes a call by boto3, holds its answer to AWS's description of the service, and lets a while go by. */
async function ask(
  service: Call['service'],
  operation: string,
  parameters: object = {},
  region = 'us-east-1',
): Promise<Answer> {
  const { answer, ...said } = await boto3.call(cloud.emulator, { service, operation, parameters, region })
  expect([operation, said]).toEqual([operation, { unknown: [] }])
  cloud.pass(100)
  return answer as Answer
}

let snapshot: string
let ami: string

it("answers every call of the publisher's as AWS's own description of the services has it", async () => {
  const tag = { Key: 'Name', Value: 'x' }
  const started = await ask('ebs', 'start_snapshot', { VolumeSize: 1, Tags: [tag], ClientToken: 'a', Timeout: 60 })
  snapshot = started['SnapshotId'] as string
  expect(started).toMatchObject({ Status: 'pending', VolumeSize: 1, BlockSize: bytes.length, Tags: [tag] })
  await ask('ebs', 'put_snapshot_block', { SnapshotId: snapshot, ...block })
  await ask('ebs', 'complete_snapshot', { SnapshotId: snapshot, ChangedBlocksCount: 1 })
  const child = await ask('ebs', 'start_snapshot', { VolumeSize: 1, ParentSnapshotId: snapshot })
  expect(child).toMatchObject({ ParentSnapshotId: snapshot })
  await ask('ebs', 'complete_snapshot', { SnapshotId: child['SnapshotId'], ChangedBlocksCount: 0 })
  const { Blocks: blocks } = await ask('ebs', 'list_snapshot_blocks', { SnapshotId: snapshot })
  const [{ BlockToken: token } = {}] = blocks as { BlockToken?: string }[]
  const back = await ask('ebs', 'get_snapshot_block', { SnapshotId: snapshot, BlockIndex: 0, BlockToken: token })
  expect(back).toMatchObject({ BlockData: sha256.copy().digest('hex'), DataLength: bytes.length })
  await ask('ec2', 'describe_snapshots', { OwnerIds: ['self'] })

  const registered = await ask('ec2', 'register_image', {
    Name: 'an image',
    Description: 'of a test',
    Architecture: 'x86_64',
    BootMode: 'uefi',
    TpmSupport: 'v2.0',
    ImdsSupport: 'v2.0',
    EnaSupport: true,
    SriovNetSupport: 'simple',
    VirtualizationType: 'hvm',
    RootDeviceName: '/dev/xvda',
    BlockDeviceMappings: [
      { DeviceName: '/dev/xvda', Ebs: { SnapshotId: snapshot, VolumeType: 'gp3', VolumeSize: 10 } },
    ],
    TagSpecifications: [{ ResourceType: 'image', Tags: [tag] }],
  })
  ami = registered['ImageId'] as string
  await ask('ec2', 'create_tags', { Resources: [ami, snapshot], Tags: [{ Key: 'b', Value: 'c' }] })
  await ask('ec2', 'enable_image_deprecation', { ImageId: ami, DeprecateAt: '2027-11-01T00:00:00Z' })
  const copied = await ask(
    'ec2',
    'copy_image',
    { Name: 'an image', SourceImageId: ami, SourceRegion: 'us-east-1', ClientToken: 'b' },
    'eu-central-1',
  )
  await ask('ec2', 'describe_images', { ImageIds: [copied['ImageId']] }, 'eu-central-1')

  for (const look of ['get_ebs_encryption_by_default', 'get_image_block_public_access_state']) await ask('ec2', look)
  await ask('ec2', 'get_snapshot_block_public_access_state')
  await ask('ec2', 'describe_regions', { AllRegions: true })
  for (const quota of ['get_service_quota', 'get_aws_default_service_quota'])
    await ask('service-quotas', quota, { ServiceCode: 'ec2', QuotaCode: 'L-0E3CBAB9' })

  await ask('ec2', 'modify_image_attribute', { ImageId: ami, LaunchPermission: everybody })
  await ask('ec2', 'modify_snapshot_attribute', { SnapshotId: snapshot, CreateVolumePermission: everybody })
  await ask('ec2', 'enable_image_deregistration_protection', { ImageId: ami })
  for (const Attribute of ['launchPermission', 'lastLaunchedTime', 'deregistrationProtection', 'bootMode'])
    await ask('ec2', 'describe_image_attribute', { ImageId: ami, Attribute })
  const seen = await ask('ec2', 'describe_images', { ExecutableUsers: ['all'], Owners: ['self'] })
  expect(seen).toMatchObject({
    Images: [
      { ImageId: ami, Public: true, State: 'available', BootMode: 'uefi', EnaSupport: true, ImdsSupport: 'v2.0' },
    ],
  })
})

it('imports a disk from S3 as the library asks for it', async () => {
  const name = 'disks-of-second-opinions'
  using bucket = await createBucket(house.server.url, name)
  await bucket.overwrite('disk.raw', bytes)
  const tags = [{ Key: 'Name', Value: 'x' }]
  const request = {
    ClientToken: 'c',
    Description: 'of a test',
    DiskContainer: { Format: 'RAW', Description: 'a disk', UserBucket: { S3Bucket: name, S3Key: 'disk.raw' } },
    RoleName: 'vmimport',
    TagSpecifications: [{ ResourceType: 'import-snapshot-task', Tags: tags }],
  }
  const { Role: role } = await ask('iam', 'get_role', { RoleName: 'vmimport' })
  expect(role).toMatchObject({ RoleName: 'vmimport', Arn: 'arn:aws:iam::123456789012:role/vmimport' })
  const begun = await ask('ec2', 'import_snapshot', request)
  const { ImportTaskId: id } = begun
  expect(begun).toMatchObject({ SnapshotTaskDetail: { Status: 'active', Format: 'RAW' }, Tags: tags })
  await ask('ec2', 'create_tags', { Resources: [id], Tags: [{ Key: 'b', Value: 'c' }] })
  await ask('ec2', 'describe_import_snapshot_tasks', { ImportTaskIds: [id] })
  const { ImportSnapshotTasks: done } = await ask('ec2', 'describe_import_snapshot_tasks', { MaxResults: 10 })
  expect(done).toMatchObject([{ SnapshotTaskDetail: { Status: 'completed', DiskImageSize: bytes.length } }])
  const { ImportTaskId: other } = await ask('ec2', 'import_snapshot', { ...request, ClientToken: 'd' })
  const cancelled = await ask('ec2', 'cancel_import_task', { ImportTaskId: other, CancelReason: 'over' })
  expect(cancelled).toMatchObject({ PreviousState: 'active', State: 'deleting' })
})

it('answers so too where a private image is marked, started and named as the newest', async () => {
  const image = { ImageId: await registerEmpty(cloud, { Name: 'a private image' }) }
  await ask('ec2', 'attach_image_watermark', { ...image, WatermarkName: 'imagedrop' })
  const { accountId: owner } = emulatorAccount
  expect(await ask('ec2', 'describe_images', { Owners: ['self'], ImageIds: [image.ImageId] })).toMatchObject({
    Images: [{ OwnerId: owner, ImageWatermarks: [{ WatermarkKey: `${owner}:imagedrop` }] }],
  })

  const begun = await ask('ec2', 'run_instances', {
    ...image,
    InstanceType: 't2.micro',
    MinCount: 1,
    MaxCount: 1,
    ClientToken: 'c',
    InstanceInitiatedShutdownBehavior: 'terminate',
    UserData: tellingInstance('0123456789abcdef', 'none', ['true']).userData,
    MetadataOptions: { HttpTokens: 'required' },
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'trial', Value: 'yes' }] }],
  })
  const [{ InstanceId: id } = {}] = begun['Instances'] as { InstanceId?: string }[]
  const trials = { Filters: [{ Name: 'tag-key', Values: ['trial'] }] }
  expect(await ask('ec2', 'describe_instances', trials)).toMatchObject({
    Reservations: [{ Instances: [{ InstanceId: id, ...image, State: { Name: 'running' } }] }],
  })
  const { Output: output } = await ask('ec2', 'get_console_output', { InstanceId: id })
  // The library decodes it.
  expect(output).toContain('Linux version')
  await ask('ec2', 'create_tags', { Resources: [id], Tags: [{ Key: 'done', Value: 'passed' }] })
  const { TerminatingInstances: ending } = await ask('ec2', 'terminate_instances', { InstanceIds: [id] })
  expect(ending).toMatchObject([{ InstanceId: id, PreviousState: { Name: 'running' } }])

  const name = { Name: '/imagedrop/debian/12/weekly/ec2/x86_64/latest' }
  const tag = { Key: 'imagedrop:newest', Value: 'image' }
  const value = { Type: 'String', DataType: 'aws:ec2:image', Value: image.ImageId }
  expect(await ask('ssm', 'put_parameter', { ...name, ...value, Tags: [tag] })).toMatchObject({ Version: 1 })
  await ask('ssm', 'put_parameter', { ...name, ...value, Overwrite: true })
  const { Parameters: versions } = await ask('ssm', 'get_parameter_history', name)
  expect(versions).toMatchObject([{ Version: 1, ...value }, { Version: 2 }])
  expect(await ask('ssm', 'get_parameter', name)).toMatchObject({ Parameter: { ...name, ...value } })
  const { TagList: tags } = await ask('ssm', 'list_tags_for_resource', {
    ResourceType: 'Parameter',
    ResourceId: name.Name,
  })
  expect(tags).toEqual([tag])
  await ask('ssm', 'delete_parameter', name)
  await ask('ec2', 'deregister_image', image)
})

it("reads and waits as AWS's command line would have it", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-awscli-'))
  const file = join(folder, 'block')
  await cloud.region.ec2.modifySnapshotAttribute({
    SnapshotId: snapshot,
    CreateVolumePermission: { Remove: [{ Group: 'all' }] },
  })
  const { Blocks: [{ BlockToken: token = '' } = {}] = [] } = await cloud.region.ebs.listSnapshotBlocks({
    SnapshotId: snapshot,
  })
  const aws = async (...args: string[]) => {
    const { stdout } = await run(join(bin, 'aws'), [...args, '--endpoint-url', cloud.emulator.url], {
      env: {
        AWS_ACCESS_KEY_ID: emulatorAccount.accessKeyId,
        AWS_SECRET_ACCESS_KEY: emulatorAccount.secretAccessKey,
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_EC2_METADATA_DISABLED: 'true',
        HOME: folder,
      },
    })
    return stdout.trim()
  }
  const block0 = ['--snapshot-id', snapshot, '--block-index', '0', '--block-token', token]
  const [names, , checksum] = await Promise.all([
    aws('ec2', 'describe-images', '--owners', 'self', '--query', 'Images[].[ImageId,Name]', '--output', 'text'),
    aws('ec2', 'wait', 'image-available', '--image-ids', ami),
    aws('ebs', 'get-snapshot-block', ...block0, file, '--query', 'Checksum', '--output', 'text'),
  ])
  expect(names).toBe(`${ami}\tan image`)
  expect(checksum).toBe(block.Checksum)
  expect((await readFile(file)).equals(bytes)).toBe(true)
  await rm(folder, { recursive: true })
})

it('takes back what was made, as the library asks for it', async () => {
  await ask('ec2', 'modify_image_attribute', { ImageId: ami, LaunchPermission: { Remove: [{ Group: 'all' }] } })
  await ask('ec2', 'disable_image_deregistration_protection', { ImageId: ami })
  await ask('ec2', 'disable_image_deprecation', { ImageId: ami })
  await ask('ec2', 'deregister_image', { ImageId: ami })
  await ask('ec2', 'delete_snapshot', { SnapshotId: snapshot })
})

it('has been asked for all that the publisher asks for', async () => {
  const used = new Set<string>()
  const faults = ({ operation }: { readonly operation: string }) => {
    used.add(operation)
    return null
  }
  const options = { faults, startGuest: (instance: InstanceRecord) => tellingGuest(instance) }
  const regions = { IMAGEDROP_EC2_PUBLISHER_REGIONS: 'us-east-1,eu-central-1' }
  await using bench = await setUp(options, { ...regions, ...everything })
  const disk = await keepDisk(bench.artifacts)
  const all = { ...bench, trials: true, protectFinal: true }
  const said = registrationsIn([...(await followWaits((woken) => handleOnce(all, tested(disk), woken)))])
  await handle(all, blessed(said, {}, 'Final'))
  const { drop } = tested(disk).body
  await handle(all, superseded(said, drop))
  await handle(all, expired(said, drop))
  await using imports = await house.setUp({ faults })
  const event = tested(await keepDisk(imports.artifacts, 1))
  await followImport(imports, event)
  await handle(imports, superseded([], drop))
  expect([...used].filter((operation) => !asked.has(operation))).toEqual([])
  expect(used.size).toBeGreaterThan(27)
})
