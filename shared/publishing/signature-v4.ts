import { createHmac, createSecretKey, hash, timingSafeEqual, type KeyObject } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** What the `Authorization` of a request says of its Signature Version 4. */
export interface Authorization {
  readonly keyId: string
  /** `20261122` */
  readonly day: string
  readonly region: string
  readonly service: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
}

/** How far the clock of a client may be off, in milliseconds. */
const allowedSkew = 15 * 60_000

const form =
  /^AWS4-HMAC-SHA256 Credential=([^/, ]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/

/** Reads who signed a request, and for what; null for one that is not well signed. Emulators verify with it. */
export function readAuthorization({ headers }: IncomingMessage): Authorization | null {
  const parts = form.exec(headers.authorization ?? '')
  if (!parts) return null
  const [, keyId = '', day = '', region = '', service = '', signedHeaders = '', signature = ''] = parts
  return { keyId, day, region, service, signedHeaders: signedHeaders.split(';'), signature }
}

/** Whether a request was signed on the day that it names, and not long ago or ahead. */
export function isTimely(request: IncomingMessage, now: Date): boolean {
  return Math.abs(timeOf(stampOf(request)) - now.getTime()) <= allowedSkew
}

/** When a request says that it was signed: `20261122T111500Z`. */
export function stampOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  return String(headers['x-amz-date'] ?? '')
}

/** What is signed of a request; `url` is its path with the query. */
export type Signable = Pick<IncomingMessage, 'method' | 'url' | 'headers'>

/** Whether the signature is that of this request, with this digest of its body, made with this secret. */
export function isSignedWith(
  secret: string,
  request: Signable,
  payload: string,
  { signature, ...scope }: Authorization,
): boolean {
  return timingSafeEqual(signatureOf(secret, request, payload, scope), Buffer.from(signature, 'hex'))
}

/** The `Authorization` of a request of ours, with this digest of its body. Its `x-amz-date` must be of the day of the scope. */
export function authorize(
  secret: string,
  request: Signable,
  payload: string,
  scope: Omit<Authorization, 'signature'>,
): string {
  const { keyId, day, region, service, signedHeaders } = scope
  const credential = `${keyId}/${day}/${region}/${service}/aws4_request`
  const signature = signatureOf(secret, request, payload, scope).toString('hex')
  return `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`
}

function signatureOf(
  secret: string,
  request: Signable,
  payload: string,
  { day, region, service, signedHeaders }: Omit<Authorization, 'signature'>,
): Buffer {
  const scope = `${day}/${region}/${service}/aws4_request`
  const canonical = canonicalRequest(request, signedHeaders, payload)
  const toSign = ['AWS4-HMAC-SHA256', stampOf(request), scope, sha256(canonical)].join('\n')
  return createHmac('sha256', signingKey(secret, [day, region, service, 'aws4_request']))
    .update(toSign)
    .digest()
}

/** As many as a day of a client has that speaks to every region; then all are derived anew. */
const mostKeys = 200
const keys = new Map<string, KeyObject>()

/** The same for all requests of a day to one service of a region. Deriving it takes longer than everything else about a signature. */
function signingKey(secret: string, scope: readonly string[]): KeyObject {
  const name = [secret, ...scope].join('\n')
  const known = keys.get(name)
  if (known) return known
  const bytes = scope.reduce(
    (key: string | Buffer, part) => createHmac('sha256', key).update(part).digest(),
    `AWS4${secret}`,
  )
  const key = createSecretKey(Buffer.from(bytes))
  if (keys.size >= mostKeys) keys.clear()
  keys.set(name, key)
  return key
}

function canonicalRequest(request: Signable, signed: readonly string[], payload: string): string {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const path = url.pathname.split('/').map(encode).join('/')
  const query = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort()
  const headers = signed.map(
    (name) =>
      `${name}:${String(request.headers[name] ?? '')
        .trim()
        .replaceAll(/\s+/g, ' ')}\n`,
  )
  return [request.method, path, query.join('&'), headers.join(''), signed.join(';'), payload].join('\n')
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}

function timeOf(stamp: string): number {
  return Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
}

function sha256(text: string): string {
  return hash('sha256', text)
}
