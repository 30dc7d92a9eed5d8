import type * as Http from 'node:http'
import type * as Https from 'node:https'
import { createRequire } from 'node:module'
import type { EBS } from '@aws-sdk/client-ebs'
import type * as Signing from '@smithy/signature-v4'

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
 * Makes a function that asks AWS to take a block, signed by the SDK's own signer and without the rest of it, which costs more than
 * twice as much for each block. It tells whether AWS took the block, and not why it did not: the SDK, asked the same again, knows that. Until
 * the SDK has sent a request of its own it takes none, as it is not known where to.
 */
export function createBlockPutter(
  ebs: EBS,
  { region, agents, silence }: Wire,
): (block: SentBlock, signal: AbortSignal) => Promise<boolean> {
  const { SignatureV4 } = require('@smithy/signature-v4') as typeof Signing
  const { credentials, sha256 } = ebs.config
  const signer = new SignatureV4({ credentials, sha256, region, service: 'ebs' })
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
      const { protocol, hostname, port } = address
      const headers = headersOf(block, port === undefined ? hostname : `${hostname}:${String(port)}`)
      const path = pathOf(address, block)
      const now = new Date(Date.now() + ebs.config.systemClockOffset)
      const unsigned = { method: 'PUT', protocol, hostname, path, headers, query: {} }
      const signed = await signer.sign(unsigned, { signingDate: now })
      const options = { method: 'PUT', hostname, port, path, headers: signed.headers, timeout: silence, signal }
      return (await statusOf(agents, protocol, options, block.bytes)) === 201
    } catch {
      signal.throwIfAborted()
      return false
    }
  }
}

/** The status of the answer; of what comes with it nothing is wanted. */
async function statusOf(
  { httpAgent, httpsAgent }: Agents,
  protocol: string,
  options: Http.RequestOptions,
  body: Buffer,
): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  const onAnswer = (answer: Http.IncomingMessage) => {
    answer.on('error', reject).once('end', () => {
      resolve(answer.statusCode)
    })
    answer.resume()
  }
  const request =
    protocol === 'https:'
      ? https.request({ ...options, agent: httpsAgent }, onAnswer)
      : http.request({ ...options, agent: httpAgent }, onAnswer)
  request.on('error', reject).once('timeout', () => request.destroy(new Error('no answer')))
  request.end(body)
  return await promise
}

/** EBS API, PutSnapshotBlock. The checksum of the block is the digest that is signed, so nothing is hashed twice. */
function headersOf({ bytes, digest }: SentBlock, host: string): Record<string, string> {
  return {
    host,
    'user-agent': 'imagedrop',
    'content-length': String(bytes.length),
    'content-type': 'application/octet-stream',
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
