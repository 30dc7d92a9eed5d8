import { createHash } from 'node:crypto'
import { badInstanceRequests } from './bad-instance-requests.ts'
import { badParameterRequests } from './bad-parameter-requests.ts'
import { ebs, ec2, noAmi, tags, type BadRequest } from './bad-request.ts'

const noSnapshot = 'snap-0123456789abcdef0'
const everybody = { Add: [{ Group: 'all' }] }
const zeros = Buffer.alloc(524_288)
const block = {
  SnapshotId: noSnapshot,
  BlockIndex: 0,
  BlockData: { base64: zeros.toString('base64') },
  DataLength: zeros.length,
  Checksum: createHash('sha256').update(zeros).digest('base64'),
  ChecksumAlgorithm: 'SHA256',
}

/** Bad requests, and the code that AWS documents for each. */
export const badRequests: readonly BadRequest[] = [
  ...badInstanceRequests,
  ...badParameterRequests,
  ['an image that is not there', 'InvalidAMIID.NotFound', () => ec2('describe_images', { ImageIds: [noAmi] })],
  ['an image id that is none', 'InvalidAMIID.Malformed', () => ec2('describe_images', { ImageIds: ['ami-x'] })],
  [
    'a filter that there is not',
    'InvalidParameterValue',
    () => ec2('describe_images', { Filters: [{ Name: 'colour', Values: ['red'] }] }),
  ],
  [
    'an attribute of an image that is not there',
    'InvalidAMIID.NotFound',
    () => ec2('describe_image_attribute', { ImageId: noAmi, Attribute: 'launchPermission' }),
  ],
  [
    'to share an image that is not there',
    'InvalidAMIID.NotFound',
    () => ec2('modify_image_attribute', { ImageId: noAmi, LaunchPermission: everybody }),
  ],
  [
    'to share an image with a group that there is not',
    'InvalidAMIAttributeItemValue',
    ({ ami }) => ec2('modify_image_attribute', { ImageId: ami, LaunchPermission: { Add: [{ Group: 'friends' }] } }),
  ],
  [
    'to share an image with an account that is none',
    'InvalidAMIAttributeItemValue',
    ({ ami }) => ec2('modify_image_attribute', { ImageId: ami, LaunchPermission: { Add: [{ UserId: 'me' }] } }),
  ],
  [
    'to deregister an image that is not there',
    'InvalidAMIID.NotFound',
    () => ec2('deregister_image', { ImageId: noAmi }),
  ],
  ['a name of two characters', 'InvalidAMIName.Malformed', () => ec2('register_image', { Name: 'ab' })],
  ['a name that is taken', 'InvalidAMIName.Duplicate', () => ec2('register_image', { Name: 'an image' })],
  ['an image without a disk', 'InvalidBlockDeviceMapping', () => ec2('register_image', { Name: 'another' })],
  [
    'to copy an image that is not there',
    'InvalidAMIID.NotFound',
    () => ec2('copy_image', { Name: 'a copy', SourceImageId: noAmi, SourceRegion: 'us-east-1' }),
  ],
  [
    'a region that there is not',
    'InvalidParameterValue',
    () => ec2('describe_regions', { RegionNames: ['mars-north-1'] }),
  ],
  [
    'a snapshot that is not there',
    'InvalidSnapshot.NotFound',
    () => ec2('describe_snapshots', { SnapshotIds: [noSnapshot] }),
  ],
  [
    'a snapshot id that is none',
    'InvalidSnapshotID.Malformed',
    () => ec2('describe_snapshots', { SnapshotIds: ['snap-x'] }),
  ],
  [
    'to delete a snapshot that is not there',
    'InvalidSnapshot.NotFound',
    () => ec2('delete_snapshot', { SnapshotId: noSnapshot }),
  ],
  [
    'to delete the snapshot of an image',
    'InvalidSnapshot.InUse',
    ({ snapshot }) => ec2('delete_snapshot', { SnapshotId: snapshot }),
  ],
  [
    'to share a snapshot that is not there',
    'InvalidSnapshot.NotFound',
    () => ec2('modify_snapshot_attribute', { SnapshotId: noSnapshot, CreateVolumePermission: everybody }),
  ],
  [
    'to tag an image that is not there',
    'InvalidAMIID.NotFound',
    () => ec2('create_tags', { Resources: [noAmi], Tags: tags(1) }),
  ],
  ['to tag what is no kind of thing', 'InvalidID', () => ec2('create_tags', { Resources: ['thing-1'], Tags: tags(1) })],
  ['51 tags', 'TagLimitExceeded', ({ ami }) => ec2('create_tags', { Resources: [ami], Tags: tags(51) })],
  ['no tags', 'MissingParameter', ({ ami }) => ec2('create_tags', { Resources: [ami], Tags: [] })],
  [
    'a tag that is AWS’s own',
    'InvalidParameterValue',
    ({ ami }) => ec2('create_tags', { Resources: [ami], Tags: [{ Key: 'aws:a', Value: '' }] }),
  ],
  [
    'a tag twice',
    'InvalidParameterValue',
    ({ ami }) => ec2('create_tags', { Resources: [ami], Tags: [...tags(1), ...tags(1)] }),
  ],
  [
    'a key of 129 letters',
    'InvalidParameterValue',
    ({ ami }) => ec2('create_tags', { Resources: [ami], Tags: [{ Key: 'k'.repeat(129), Value: '' }] }),
  ],
  [
    'a value of 257 letters',
    'InvalidParameterValue',
    ({ ami }) => ec2('create_tags', { Resources: [ami], Tags: [{ Key: 'k', Value: 'v'.repeat(257) }] }),
  ],
  ['what is only tried', 'DryRunOperation', () => ec2('register_image', { Name: 'another', DryRun: true })],
  ['a block of a snapshot that is not there', 'ResourceNotFoundException', () => ebs('put_snapshot_block', block)],
  [
    'to complete a snapshot that is not there',
    'ResourceNotFoundException',
    () => ebs('complete_snapshot', { SnapshotId: noSnapshot, ChangedBlocksCount: 0 }),
  ],
  [
    'the blocks of a snapshot that is not there',
    'ResourceNotFoundException',
    () => ebs('list_snapshot_blocks', { SnapshotId: noSnapshot }),
  ],
  ['a snapshot of 0 GiB', 'ValidationException', () => ebs('start_snapshot', { VolumeSize: 0 })],
  [
    'a quota that there is not',
    'NoSuchResourceException',
    () => ({
      service: 'service-quotas',
      operation: 'get_service_quota',
      parameters: { ServiceCode: 'ec2', QuotaCode: 'L-00000000' },
    }),
  ],
]

/** What moto takes of them: it looks at no name, no disk, no region, no size, no type and no rule for tags but their number. */
export const takenByMoto = [
  'a name of two characters',
  'a name that is taken',
  'an image without a disk',
  'a region that there is not',
  'to share a snapshot that is not there',
  'no tags',
  'a tag that is AWS’s own',
  'a tag twice',
  'a key of 129 letters',
  'a value of 257 letters',
  'a snapshot of 0 GiB',
  'user data above 16 KiB',
  'an end of an instance that there is not',
  'to change the type of a parameter',
  'a relative name with levels',
]

/**
 * What moto says instead: it does not look at the form of an id, has a code for types that AWS's list of codes has not, and meets some
 * requests with an exception of its own.
 */
export const otherwiseByMoto = {
  'an image id that is none': 'InvalidAMIID.NotFound',
  'a snapshot id that is none': 'InvalidSnapshot.NotFound',
  'an instance id that is none': 'InvalidInstanceID.NotFound',
  'to start an image on a type that there is not': 'InvalidInstanceType.NotFound',
  'a filter that there is not': 'no answer of the service',
  'an attribute of an image that is not there': 'no answer of the service',
  'a block of a snapshot that is not there': '500',
  'to complete a snapshot that is not there': '500',
  'the blocks of a snapshot that is not there': '500',
}
