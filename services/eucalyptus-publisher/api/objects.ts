import { createHash } from 'node:crypto'
import type { Reply } from '#publishing/http.ts'
import type { Connection } from './connection.ts'
import { codeOf, failureOf } from './failure.ts'
import { elementsAt, parseXml, textAt } from '#markup/xml.ts'

/** One bucket of one cloud. */
export interface Bucket {
  readonly connection: Connection
  /** Of the object storage service. */
  readonly url: URL
  readonly name: string
}

export interface StoredObject {
  readonly key: string
  readonly size: number
  /** MD5 of its bytes, as the storage has computed it. */
  readonly md5: string
}

/** Makes the bucket where there is none. Throws when it is somebody else's. */
export async function ensureBucket(bucket: Bucket, signal: AbortSignal): Promise<void> {
  const { connection, name } = bucket
  const reply = await connection.ask({ service: 's3', method: 'PUT', url: addressOf(bucket) }, signal)
  if (reply.status === 200 || codeOf(reply) === 'BucketAlreadyOwnedByYou') return
  throw failureOf(connection, `making the bucket ${name}`, reply, 'set another name as BUCKET')
}

/** The objects whose keys begin so; null when there is no such bucket. */
export async function listObjects(bucket: Bucket, prefix: string, signal: AbortSignal): Promise<StoredObject[] | null> {
  const { connection, name } = bucket
  const objects: StoredObject[] = []
  for (let marker: string | undefined = ''; marker !== undefined;) {
    const query: Record<string, string> = { prefix, ...(marker === '' ? {} : { marker }) }
    const reply = await connection.ask({ service: 's3', method: 'GET', url: addressOf(bucket, '', query) }, signal)
    if (codeOf(reply) === 'NoSuchBucket') return null
    const root = reply.status === 200 ? parseXml(reply.text) : null
    if (root === null) throw failureOf(connection, `listing ${name}/${prefix}`, reply)
    for (const item of elementsAt(root, 'Contents'))
      objects.push({
        key: textAt(item, 'Key') ?? '',
        size: Number(textAt(item, 'Size')),
        md5: (textAt(item, 'ETag') ?? '').replaceAll('"', ''),
      })
    marker = textAt(root, 'IsTruncated') === 'true' ? objects.at(-1)?.key : undefined
  }
  return objects
}

/** Puts an object that the cloud's own machinery may read. Throws when the storage has not taken what was sent. */
export async function putObject(bucket: Bucket, key: string, body: Uint8Array, signal: AbortSignal): Promise<void> {
  const { connection, name } = bucket
  const digest = createHash('md5').update(body).digest()
  const headers = {
    'content-md5': digest.toString('base64'),
    'content-type': 'application/octet-stream',
    'x-amz-acl': 'aws-exec-read',
  }
  const url = addressOf(bucket, key)
  const reply = await connection.ask({ service: 's3', method: 'PUT', url, headers, body }, signal)
  const taken = (reply.headers.etag ?? '').replaceAll('"', '')
  if (reply.status === 200 && taken === digest.toString('hex')) return
  throw failureOf(connection, `putting ${name}/${key}`, reply)
}

/** An object, or its first bytes; null when it is not there. */
export async function getObject(
  bucket: Bucket,
  key: string,
  signal: AbortSignal,
  first?: number,
): Promise<Buffer | null> {
  const { connection, name } = bucket
  const headers: Record<string, string> = first === undefined ? {} : { range: `bytes=0-${String(first - 1)}` }
  const reply: Reply = await connection.ask(
    { service: 's3', method: 'GET', url: addressOf(bucket, key), headers },
    signal,
  )
  if (reply.status === 200 || reply.status === 206) return reply.bytes
  if (reply.status === 404) return null
  throw failureOf(connection, `reading ${name}/${key}`, reply)
}

/** Removes an object; what is gone stays gone. */
export async function removeObject(bucket: Bucket, key: string, signal: AbortSignal): Promise<void> {
  const { connection, name } = bucket
  const reply = await connection.ask({ service: 's3', method: 'DELETE', url: addressOf(bucket, key) }, signal)
  if (reply.status === 204 || reply.status === 200 || reply.status === 404) return
  throw failureOf(connection, `removing ${name}/${key}`, reply)
}

function addressOf({ url, name }: Bucket, key = '', query: Readonly<Record<string, string>> = {}): URL {
  const address = new URL(url)
  address.pathname = `${url.pathname.replace(/\/$/, '')}/${name}${key === '' ? '' : `/${key}`}`
  address.search = new URLSearchParams(query).toString()
  return address
}
