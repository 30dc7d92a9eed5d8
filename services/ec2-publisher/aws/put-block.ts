import type * as Http from 'node:http'
import type * as Https from 'node:https'
import { createRequire } from 'node:module'
import type { EBS, EBSClientResolvedConfig } from '@aws-sdk/client-ebs'
import { authorize } from '#publishing/signature-v4.ts'
import { byClockOf } from './clock.ts'

/** A block of a snapshot, with the SHA-256 of its bytes. */
export interface SentBlock {
  readonly snapshotId: string
  readonly index: number
  readonly bytes: Buffer
  readonly digest: Buffer
}

/** The connections of one region, shared by the SDK and by what asks beside it. */
export interface Agents {
  readonly httpAgent: Http.Agent
  readonly httpsAgent: Https.Agent
}

interface Wire {
  readonly region: string
  readonly agents: Agents
  /** How long a request may go without an answer, in milliseconds. */
  readonly silence: number
}

/** Where the SDK sends the requests of this client. */
interface Address {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
}

// Not by import, which looks at every export of node:http and so loads all of Node's fetch: 40 ms.
const require = createRequire(import.meta.url)
const http = require('node:http') as typeof Http
const https = require('node:https') as typeof Https

/** As many connections as blocks are sent at once: the default of 50 would hold back more, and one each is what AWS advises. */
export function openAgents(connections: number): Agents {
  const options = { keepAlive: true, maxSockets: connections }
  return { httpAgent: new http.Agent(options), httpsAgent: new https.Agent(options) }
}

/**
 * Makes a function that asks AWS to take a block, with the credentials and the clock of the SDK and without the rest of it, which
 * would cost more than twice as much. It tells whether AWS took the block, and not why it did not: the SDK, asked the same again,
 * knows that. Until the SDK has sent a request of its own it takes none, as it is not known where to.
 */
export function createBlockPutter(
  ebs: EBS,
  { region, agents, silence }: Wire,
): (block: SentBlock, signal: AbortSignal) => Promise<boolean> {
  let address: Address | null = null
  ebs.middlewareStack.add(
    (next) => async (args) => {
      address ??= args.request as Address
      return await next(args)
    },
    { step: 'build', name: 'learnAddress' },
  )

  return async (block, signal) => {
    if (address === null) return false
    try {
      const request = { method: 'PUT', url: pathOf(address, block), headers: headersOf(address, block) }
      const credentials = await ebs.config.credentials()
      const now = byClockOf(ebs)
      const headers = signed(request, { credentials, now, region })
      return (await statusOf(agents, address, { ...request, headers, silence, signal }, block.bytes)) === 201
    } catch {
      signal.throwIfAborted()
      return false
    }
  }
}

/** EBS API, PutSnapshotBlock. The checksum of the block is the digest that is signed, so nothing is hashed twice. */
function headersOf({ hostname, port }: Address, { bytes, digest }: SentBlock): Record<string, string> {
  return {
    'content-length': String(bytes.length),
    'content-type': 'application/octet-stream',
    host: port === undefined ? hostname : `${hostname}:${String(port)}`,
    'x-amz-checksum': digest.toString('base64'),
    'x-amz-checksum-algorithm': 'SHA256',
    'x-amz-content-sha256': digest.toString('hex'),
    'x-amz-data-length': String(bytes.length),
  }
}

/** An endpoint may have a path of its own. */
function pathOf({ path }: Address, { snapshotId, index }: SentBlock): string {
  return `${path.slice(0, path.indexOf('/snapshots'))}/snapshots/${snapshotId}/blocks/${String(index)}`
}

interface Signing {
  readonly credentials: Awaited<ReturnType<EBSClientResolvedConfig['credentials']>>
  readonly now: Date
  readonly region: string
}

/** The headers of a request, with those that sign it. */
function signed(
  { method, url, headers }: { readonly method: string; readonly url: string; readonly headers: Record<string, string> },
  { credentials: { accessKeyId: keyId, secretAccessKey: secret, sessionToken: token }, now, region }: Signing,
): Record<string, string> {
  const stamp = now.toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const all = { ...headers, 'x-amz-date': stamp, ...(token === undefined ? {} : { 'x-amz-security-token': token }) }
  const scope = { keyId, day: stamp.slice(0, 8), region, service: 'ebs', signedHeaders: Object.keys(all).toSorted() }
  const payload = headers['x-amz-content-sha256'] ?? ''
  const authorization = authorize(secret, { method, url, headers: all }, payload, scope)
  return { ...all, 'user-agent': 'imagedrop', authorization }
}

interface Sending {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly silence: number
  readonly signal: AbortSignal
}

/** The status of the answer; of what comes with it nothing is wanted. */
async function statusOf(
  { httpAgent, httpsAgent }: Agents,
  { protocol, hostname, port }: Address,
  { method, url: path, headers, silence: timeout, signal }: Sending,
  body: Buffer,
): Promise<number | undefined> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  const onAnswer = (answer: Http.IncomingMessage) => {
    answer.on('error', reject).once('end', () => {
      resolve(answer.statusCode)
    })
    answer.resume()
  }
  const options = { method, hostname, port, path, headers: Object.entries(headers).flat(), timeout }
  const request =
    protocol === 'https:'
      ? https.request({ ...options, agent: httpsAgent }, onAnswer)
      : http.request({ ...options, agent: httpAgent }, onAnswer)
  request.on('error', reject).once('timeout', () => request.destroy(new Error('no answer')))
  // Given the signal, Node would listen to every end that a request can have, which takes a third as long as the rest.
  const onAbort = () => request.destroy(new Error('stopped'))
  signal.addEventListener('abort', onAbort, { once: true })
  request.end(body)
  return await promise.finally(() => {
    signal.removeEventListener('abort', onAbort)
  })
}
