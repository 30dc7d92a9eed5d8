import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Reply, Send } from '#publishing/http.ts'
import { authorize } from '#publishing/signature-v4.ts'

/** Who speaks, and where the services are. */
export interface Credentials {
  readonly keyId: string
  readonly secretKey: string
}

export interface Asked {
  readonly service: 'ec2' | 's3' | 'bootstrap'
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

/** One account at one cloud. */
export interface Connection {
  /** How people call the cloud. */
  readonly place: string
  /** Signs a request and sends it. Throws TransientError when no whole answer comes. */
  ask(asked: Asked, signal: AbortSignal): Promise<Reply>
  /** By how many seconds our clock is ahead of the one that a reply was sent by. */
  readonly secondsAhead: (reply: Reply) => number
}

/** Eucalyptus compares no region and no service name, but both are in what is signed (`Hmacv4LoginModule`). */
const region = 'eucalyptus'

export function createConnection(
  place: string,
  { keyId, secretKey }: Credentials,
  { send, now }: { readonly send: Send; readonly now: () => number },
): Connection {
  return {
    place,
    async ask({ service, method, url, headers = {}, body = '' }, signal) {
      const stamp = new Date(now()).toISOString().replaceAll(/[-:]|\.\d+/g, '')
      const payload = createHash('sha256').update(body).digest('hex')
      const signed = {
        host: url.host,
        'x-amz-date': stamp,
        ...(service === 's3' ? { 'x-amz-content-sha256': payload } : {}),
        ...headers,
      }
      const signable = { method, url: url.pathname + url.search, headers: signed }
      const signedHeaders = Object.keys(signed).toSorted()
      const scope = { keyId, day: stamp.slice(0, 8), region, service, signedHeaders }
      const authorization = authorize(secretKey, signable, payload, scope)
      const length = String(Buffer.byteLength(body))
      return await send(
        {
          method,
          url: url.href,
          headers: { ...signed, authorization, accept: '*/*', 'content-length': length },
          ...(length === '0' ? {} : { body: typeof body === 'string' ? body : Readable.from([body]) }),
        },
        signal,
      )
    },
    secondsAhead({ headers: { date = '' } }) {
      const theirs = Date.parse(date)
      return Number.isNaN(theirs) ? 0 : Math.round((now() - theirs) / 1000)
    },
  }
}
