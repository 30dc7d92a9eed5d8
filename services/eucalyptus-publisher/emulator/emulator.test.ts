import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { emulatorAccount } from '#publishing/emulator-account.ts'
import { createSend, type Reply } from '#publishing/http.ts'
import { createConnection, type Connection } from '../api/connection.ts'
import { deriveSecrets } from '../bundle/bundle-secrets.ts'
import { bundleDisk, type Bundle } from '../bundle/bundle-disk.ts'
import { renderManifest } from '../bundle/manifest.ts'
import { setUp, type Bench } from '../testing/bench.ts'
import { keepDisk } from '../testing/events.ts'
import { imagesIn } from '../testing/look.ts'

const signal = AbortSignal.timeout(60_000)
const send = createSend({ ca: null, verify: true, silence: 10_000 })
const stranger = { ...emulatorAccount, accessKeyId: 'AKIASTRANGEREXAMPLE0', accountId: '210987654321' }

let bench: Bench
let connection: Connection
beforeEach(async () => {
  bench = await setUp({ accounts: [emulatorAccount, stranger] })
  connection = connect(emulatorAccount)
})
afterEach(async () => {
  await bench[Symbol.asyncDispose]()
})

function connect({ accessKeyId, secretAccessKey }: typeof emulatorAccount | typeof stranger, now = Date.now) {
  return createConnection('here', { keyId: accessKeyId, secretKey: secretAccessKey }, { send, now })
}

async function compute(asked: Readonly<Record<string, string>>, by = connection): Promise<Reply> {
  const url = new URL(`${bench.emulator.url}/services/compute/`)
  const body = new URLSearchParams(asked).toString()
  return await by.ask({ service: 'ec2', method: 'POST', url, body }, signal)
}

async function storage(
  method: 'GET' | 'PUT' | 'DELETE',
  path: string,
  {
    body = '',
    headers = {},
    by = connection,
  }: { body?: Uint8Array | string; headers?: Record<string, string>; by?: Connection } = {},
): Promise<Reply> {
  const url = new URL(`${bench.emulator.url}/services/objectstorage${path}`)
  return await by.ask({ service: 's3', method, url, headers, body }, signal)
}

const codeOf = ({ text }: Reply) => /<Code>([^<]*)/.exec(text)?.[1] ?? text
const readable = { 'x-amz-acl': 'aws-exec-read' }
const registered = {
  Action: 'RegisterImage',
  Name: 'an-image',
  ImageLocation: 'bundles/disk.manifest.xml',
  VirtualizationType: 'hvm',
}

/** A bundle in the bucket `bundles`, spoilt as it is said. */
async function putBundle({
  manifest: change = (text: string) => text,
  part = (bytes: Uint8Array) => bytes,
  acl = 'aws-exec-read',
  accountId = emulatorAccount.accountId,
}: {
  manifest?: (text: string) => string
  part?: (bytes: Uint8Array) => Uint8Array
  acl?: string
  accountId?: string
} = {}) {
  await storage('PUT', '/bundles')
  const { size, sha256 } = await keepDisk(bench.artifacts)
  const path = await bench.artifacts.open({ sha256, size, format: 'raw' } as never)
  const secrets = deriveSecrets('secret', [randomBytes(8).toString('hex')])
  const bundle: Bundle = await bundleDisk({
    name: 'disk',
    disk: { path, size },
    secrets,
    compression: 1,
    onPart: async ({ name, bytes }) =>
      void (await storage('PUT', `/bundles/${name}`, { body: part(bytes), headers: { 'x-amz-acl': acl } })),
    onBytes() {},
    signal,
  })
  const cloudCertificate = bench.emulator.world.cloud.certificate
  const keys = { accountId, cloudCertificate, userCertificate: null, privateKey: null }
  const text = renderManifest({ ...keys, name: 'disk', architecture: 'x86_64', size, bundle, secrets })
  await storage('PUT', '/bundles/disk.manifest.xml', { body: change(text), headers: readable })
}

it.each([
  [
    'a part that is not what the manifest says',
    { part: (bytes: Uint8Array) => bytes.map((byte) => byte ^ 1) },
    'another digest',
  ],
  ['a part that the cloud may not read', { acl: 'private' }, 'may not be read by the cloud'],
  [
    'another size of the disk',
    { manifest: (text: string) => text.replace(/<size>\d+/, '<size>512') },
    'its archive holds',
  ],
  [
    'another digest of the archive',
    { manifest: (text: string) => text.replace(/<digest algorithm="SHA1">\w{4}/, '<digest algorithm="SHA1">0000') },
    'another digest',
  ],
  [
    'a key for somebody else',
    { manifest: (text: string) => text.replace(/(<ec2_encrypted_key[^>]*>)\w{8}/, '$100000000') },
    'not encrypted for this cloud',
  ],
  [
    'a part that is not there',
    { manifest: (text: string) => text.replace('disk.part.00', 'disk.part.01') },
    'is not there',
  ],
])('refuses a bundle of which no machine would start: %s', async (_, spoilt, reason) => {
  await putBundle(spoilt)
  const reply = await compute(registered)
  expect([codeOf(reply), reply.text]).toEqual(['InvalidManifest', expect.stringContaining(reason)])
  expect(imagesIn(bench.emulator.world)).toEqual([])
})

it.each([
  ['a name of two letters', 'InvalidAMIName.Malformed', { Name: 'ab' }],
  ['a name with a space (EC2 allows it)', 'InvalidAMIName.Malformed', { Name: 'an image' }],
  ['a description of 256 letters', 'InvalidParameter', { Description: 'x'.repeat(256) }],
  ['another virtualization', 'InternalFailure', { VirtualizationType: 'xen' }],
  ['a machine without its kernel', 'MissingParameter', { VirtualizationType: 'paravirtual' }],
  ['a manifest that is not there', 'InternalFailure', { ImageLocation: 'bundles/other.manifest.xml' }],
  ['a location without a bucket', 'InternalFailure', { ImageLocation: 'disk.manifest.xml' }],
  ['arm64', 'InternalFailure', { Architecture: 'arm64' }],
  ['what came with Nitro', 'InvalidParameterValue', { EnaSupport: 'true' }],
  ['an IMDS option', 'InvalidParameterValue', { ImdsSupport: 'v2.0' }],
  ['tags at once', 'InvalidParameterValue', { 'TagSpecification.1.ResourceType': 'image' }],
])('refuses RegisterImage with %s: %s', async (_, code, change) => {
  await putBundle()
  expect(codeOf(await compute({ ...registered, ...change }))).toBe(code)
})

it('registers a bundle once by a name, and of its own account only', async () => {
  await putBundle({ accountId: stranger.accountId })
  expect(codeOf(await compute(registered))).toBe('AuthFailure')
  await putBundle()
  expect((await compute(registered)).status).toBe(200)
  expect(codeOf(await compute(registered))).toBe('InvalidAMIName.Duplicate')
  expect((await compute({ ...registered, Name: 'another' })).status).toBe(200)
})

it('takes an image from the lists when it is deregistered, and its record when it is again', async () => {
  await putBundle()
  const id = /<imageId>([^<]*)/.exec((await compute(registered)).text)?.[1] ?? ''
  const listed = async (by = connection) => (await compute({ Action: 'DescribeImages', 'ImageId.1': id }, by)).text
  expect(await listed(connect(stranger))).toContain('InvalidAMIID.NotFound')
  const opened = { Action: 'ModifyImageAttribute', ImageId: id, 'LaunchPermission.Add.1.Group': 'all' }
  expect((await compute(opened, connect(stranger))).status).toBe(500)
  expect((await compute(opened)).status).toBe(200)
  expect(await listed(connect(stranger))).toContain('<isPublic>true</isPublic>')
  const end = { Action: 'DeregisterImage', ImageId: id }
  expect((await compute(end)).status).toBe(200)
  expect(await listed()).toContain('InvalidAMIID.NotFound')
  expect((await compute(registered)).status).toBe(200)
  expect((await compute(end)).status).toBe(200)
  expect(codeOf(await compute(end))).toBe('InvalidAMIID.NotFound')
})

it.each([
  'EnableImageDeprecation',
  'ImportSnapshot',
  'DisableImageBlockPublicAccess',
  'EnableImageDeregistrationProtection',
])('has never heard of %s', async (action) => {
  expect(codeOf(await compute({ Action: action, ImageId: 'emi-00000000' }))).toBe('InvalidAction')
})

it('answers CopyImage and does nothing, as Eucalyptus does', async () => {
  const reply = await compute({
    Action: 'CopyImage',
    SourceRegion: 'here',
    SourceImageId: 'emi-00000000',
    Name: 'copy',
  })
  expect([reply.status, reply.text.includes('imageId')]).toEqual([200, false])
})

it.each([
  [
    'a key that it does not know',
    { ...emulatorAccount, accessKeyId: 'AKIANOBODYEXAMPLE000' },
    0,
    'AuthFailure',
    'InvalidAccessKeyId',
  ],
  ['another secret', { ...emulatorAccount, secretAccessKey: 'x' }, 0, 'AuthFailure', 'SignatureDoesNotMatch'],
  ['a clock that is ahead', emulatorAccount, 1_000_000, 'AuthFailure', 'RequestTimeTooSkewed'],
  ['a clock that is behind', emulatorAccount, -1_000_000, 'AuthFailure', 'RequestTimeTooSkewed'],
])('refuses what was signed with %s', async (_, account, skew, code, storageCode) => {
  const by = connect(account as typeof emulatorAccount, () => Date.now() + skew)
  expect(codeOf(await compute({ Action: 'DescribeImages' }, by))).toBe(code)
  expect(codeOf(await storage('GET', '/bundles', { by }))).toBe(storageCode)
})

it('allows a clock 20 seconds ahead for the EC2 API, and a quarter of an hour for storage', async () => {
  const by = connect(emulatorAccount, () => Date.now() + 60_000)
  expect((await compute({ Action: 'DescribeImages' }, by)).status).toBe(403)
  expect((await storage('PUT', '/bundles', { by })).status).toBe(200)
})

it('keeps objects as S3 does: by whose bucket it is, by digests, in ranges', async () => {
  expect(codeOf(await storage('GET', '/bundles'))).toBe('NoSuchBucket')
  expect(codeOf(await storage('PUT', '/A_bucket'))).toBe('InvalidBucketName')
  expect((await storage('PUT', '/bundles')).status).toBe(200)
  expect(codeOf(await storage('PUT', '/bundles'))).toBe('BucketAlreadyOwnedByYou')
  expect(codeOf(await storage('PUT', '/bundles', { by: connect(stranger) }))).toBe('BucketAlreadyExists')
  const headers = { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' }
  expect(codeOf(await storage('PUT', '/bundles/one', { body: 'text', headers }))).toBe('BadDigest')
  expect((await storage('PUT', '/bundles/one', { body: 'text' })).headers.etag).toBe(
    '"1cb251ec0d568de6a929b520c4aed8d1"',
  )
  const part = await storage('GET', '/bundles/one', { headers: { range: 'bytes=1-2' } })
  expect([part.status, part.text]).toEqual([206, 'ex'])
  expect(codeOf(await storage('GET', '/bundles/one', { by: connect(stranger) }))).toBe('AccessDenied')
  expect(codeOf(await storage('DELETE', '/bundles'))).toBe('BucketNotEmpty')
  for (const _ of [1, 2]) expect((await storage('DELETE', '/bundles/one')).status).toBe(204)
  expect((await storage('DELETE', '/bundles')).status).toBe(204)
})
