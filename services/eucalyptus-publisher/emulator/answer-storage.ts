import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { ApiError } from './api-error.ts'
import { findObject, keepObject, objectsOf, readObject, removeObject } from './objects.ts'
import type { BucketRecord, ObjectRecord } from './records.ts'
import { Repeated, renderXml } from './render-xml.ts'
import type { Account, World } from './world.ts'

export interface StorageRequest {
  readonly method: string
  /** Without the name of the service: `/bucket/key`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

type Operation = (world: World, caller: Account, request: StorageRequest) => Answer | Promise<Answer>

const xml = { 'content-type': 'application/xml' }
const namespace = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'

const ofBuckets: Readonly<Record<string, readonly [string, Operation]>> = {
  GET: ['ListBucket', listBucket],
  HEAD: ['ListBucket', (world, caller, request) => (ownBucket(world, caller, request), nothing(200))],
  PUT: ['CreateBucket', createBucket],
  DELETE: ['DeleteBucket', deleteBucket],
}
const ofObjects: Readonly<Record<string, readonly [string, Operation]>> = {
  GET: ['GetObject', getObject],
  HEAD: ['GetObject', async (world, caller, request) => ({ ...(await getObject(world, caller, request)), body: '' })],
  PUT: ['PutObject', putObject],
  DELETE: ['DeleteObject', deleteObject],
}

/** Answers a request to object storage. Refusals are those of `S3Exceptions.groovy`. Throws ApiError. */
export async function answerStorage(world: World, caller: Account, request: StorageRequest): Promise<Answer> {
  const [, , key] = /^\/([^/]*)\/?(.*)$/s.exec(request.path) ?? []
  const found = (key === '' ? ofBuckets : ofObjects)[request.method]
  if (!found) throw new ApiError(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.')
  const [name, operation] = found
  if (caller.denied?.some((one) => one === name || one === '*') === true)
    throw new ApiError(403, 'AccessDenied', 'Access Denied')
  return await operation(world, caller, request)
}

function partsOf({ path }: StorageRequest): { bucket: string; key: string } {
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? []
  return { bucket, key }
}

function ownBucket({ buckets }: World, { accountId }: Account, request: StorageRequest): BucketRecord {
  const bucket = buckets.get(partsOf(request).bucket)
  if (bucket === null || bucket.isGone) throw new ApiError(404, 'NoSuchBucket', 'The specified bucket does not exist.')
  if (bucket.owner !== accountId) throw new ApiError(403, 'AccessDenied', 'Access Denied')
  return bucket
}

async function createBucket({ buckets, now }: World, { accountId }: Account, request: StorageRequest): Promise<Answer> {
  const { bucket: id } = partsOf(request)
  // `BucketNameValidatorRepo`, dns-compliant
  const isLegal = /^[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]$/.test(id) && !/\.\.|\.-|-\./.test(id)
  if (!isLegal || /^\d+(\.\d+){3}$/.test(id))
    throw new ApiError(400, 'InvalidBucketName', 'The specified bucket is not valid.')
  const there = buckets.get(id)
  if (there !== null && !there.isGone)
    throw there.owner === accountId
      ? new ApiError(
          409,
          'BucketAlreadyOwnedByYou',
          'Your previous request to create the named bucket succeeded and you already own it.',
        )
      : new ApiError(409, 'BucketAlreadyExists', 'The requested bucket name is not available.')
  await buckets.save({ id, owner: accountId, createdAt: now().getTime(), isGone: false })
  return { status: 200, headers: { location: `/${id}` }, body: '' }
}

async function deleteBucket(world: World, caller: Account, request: StorageRequest): Promise<Answer> {
  const bucket = ownBucket(world, caller, request)
  if (objectsOf(world, bucket.id).length > 0)
    throw new ApiError(409, 'BucketNotEmpty', 'The bucket you tried to delete is not empty.')
  await world.buckets.save({ ...bucket, isGone: true })
  return nothing(204)
}

/** Version 1 of the list: version 2 came later than Eucalyptus (`ListBucketResponseType` has no token). */
function listBucket(world: World, caller: Account, request: StorageRequest): Answer {
  const { query } = request
  const bucket = ownBucket(world, caller, request)
  if (query.get('list-type') === '2')
    throw new ApiError(501, 'NotImplemented', 'A header you provided implies functionality that is not implemented.')
  const [prefix, marker] = [query.get('prefix') ?? '', query.get('marker') ?? '']
  const most = Math.min(Number(query.get('max-keys') ?? world.mostKeys), world.mostKeys)
  const all = objectsOf(world, bucket.id).filter(({ key }) => key.startsWith(prefix) && key > marker)
  const page = all.slice(0, most)
  const body = renderXml(
    'ListBucketResult',
    {
      Name: bucket.id,
      Prefix: prefix,
      Marker: marker,
      MaxKeys: most,
      IsTruncated: page.length < all.length,
      Contents: new Repeated(page.map((one) => contentOf(one, bucket.owner))),
    },
    namespace,
  )
  return { status: 200, headers: xml, body }
}

function contentOf({ key, modifiedAt, md5, size }: ObjectRecord, owner: string) {
  return {
    Key: key,
    LastModified: new Date(modifiedAt).toISOString(),
    ETag: `"${md5}"`,
    Size: size,
    Owner: { ID: owner, DisplayName: owner },
    StorageClass: 'STANDARD',
  }
}

async function putObject(world: World, caller: Account, request: StorageRequest): Promise<Answer> {
  const { headers, body } = request
  const { id: bucket } = ownBucket(world, caller, request)
  if (headers['content-length'] === undefined)
    throw new ApiError(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.')
  const told = headers['content-md5']
  if (told !== undefined && told !== createHash('md5').update(body).digest('base64'))
    throw new ApiError(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.')
  const acl = String(headers['x-amz-acl'] ?? 'private')
  // `ObjectStorageProperties.CannedACL`
  if (!cannedAcls.has(acl)) throw new ApiError(400, 'InvalidArgument', `Invalid x-amz-acl: ${acl}`)
  const { md5 } = await keepObject(world, { bucket, key: partsOf(request).key, acl }, body)
  return { status: 200, headers: { etag: `"${md5}"` }, body: '' }
}

const cannedAcls = new Set([
  'private',
  'public-read',
  'public-read-write',
  'authenticated-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
  'log-delivery-write',
  'aws-exec-read',
  'ec2-bundle-read',
])

async function getObject(world: World, caller: Account, request: StorageRequest): Promise<Answer> {
  const { id: bucket } = ownBucket(world, caller, request)
  const found = await readObject(world, bucket, partsOf(request).key)
  if (found === null) throw new ApiError(404, 'NoSuchKey', 'The specified key does not exist.')
  const { object, bytes } = found
  const headers = { 'content-type': 'application/octet-stream', etag: `"${object.md5}"` }
  // `ObjectStorageProperties.RANGE_HEADER_PATTERN`
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
  if (from === undefined) return { status: 200, headers, body: bytes }
  const end = to === undefined || to === '' ? bytes.length : Math.min(Number(to) + 1, bytes.length)
  if (Number(from) >= bytes.length) throw new ApiError(416, 'InvalidRange', 'The requested range cannot be satisfied.')
  const range = `bytes ${from}-${String(end - 1)}/${String(bytes.length)}`
  return { status: 206, headers: { ...headers, 'content-range': range }, body: bytes.subarray(Number(from), end) }
}

/** What is not there is removed as well as what is. */
async function deleteObject(world: World, caller: Account, request: StorageRequest): Promise<Answer> {
  const { id: bucket } = ownBucket(world, caller, request)
  const object = findObject(world, bucket, partsOf(request).key)
  if (object !== null) await removeObject(world, object)
  return nothing(204)
}

function nothing(status: number): Answer {
  return { status, headers: {}, body: '' }
}
