import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { TLSSocket } from 'node:tls'
import { BadReply } from './decode.ts'

/** A hub, and whose signature on its certificate is believed. */
export interface HubAddress {
  /** `https://koji.example.org/kojihub` */
  readonly url: string
  /** Who signs the hub's certificate; null: whom the host trusts. */
  readonly authority: PemFile | null
}

/** A file in PEM form, read; some is done by curl, which wants the file itself. */
export interface PemFile {
  readonly path: string
  readonly pem: string
}

/** One HTTP request. Times in milliseconds. */
export interface Ask {
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly timeout: number
  readonly signal?: AbortSignal
  /** Our own certificate and its key. */
  readonly certificate?: { readonly chain: PemFile; readonly key: PemFile }
  readonly newestTls?: 'TLSv1.2'
}

/** The connection failed. `mayHaveArrived` is false only when the other end cannot have got the request. */
export class ConnectionLost extends Error {
  override name = 'ConnectionLost'
  readonly code = 'KOJI_CONNECTION_LOST'
  readonly mayHaveArrived: boolean

  constructor(message: string, mayHaveArrived: boolean, options?: ErrorOptions) {
    super(message, options)
    this.mayHaveArrived = mayHaveArrived
  }
}

/** The other end is not who it should be, or does not believe that we are who we say. */
export class NotTrusted extends Error {
  override name = 'NotTrusted'
  readonly code = 'KOJI_NOT_TRUSTED'
}

/** HTTP says no, where Koji itself answers 200 whatever it has to say. */
export class HttpRefusal extends Error {
  override name = 'HttpRefusal'
  readonly code = 'KOJI_HTTP_REFUSAL'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** No reply of a hub is larger; what is larger is cut off here instead of filling the memory. */
const largestReply = 64 * 1024 * 1024

/** Asks once and reads the whole answer as text. Whatever is not status 200 is thrown; nothing is followed or repeated. */
export async function exchange(hub: HubAddress, path: string, ask: Ask): Promise<string> {
  const answer = await open(hub, path, ask)
  const text = await readAll(answer, largestReply).catch((error: unknown) => {
    ask.signal?.throwIfAborted()
    throw error
  })
  const status = answer.statusCode ?? 0
  if (status === 200) return text
  throw refusal(status, hub.url + path, answer.headers.location, text)
}

/** Asks once and gives the answer with its body still to be read. */
export async function open(hub: HubAddress, path: string, ask: Ask): Promise<IncomingMessage> {
  const url = new URL(hub.url + path)
  const deadline = AbortSignal.timeout(ask.timeout)
  const signal = ask.signal ? AbortSignal.any([ask.signal, deadline]) : deadline
  const options: RequestOptions = {
    method: ask.method ?? 'POST',
    headers: { 'User-Agent': 'koji/1', ...ask.headers },
    signal,
    // A connection of its own each time: one that was kept may have been closed at the other end, and then nobody knows
    // whether a call has arrived.
    agent: false,
  }
  const request =
    url.protocol === 'https:' ? httpsRequest(url, { ...options, ...tlsOf(hub, ask) }) : httpRequest(url, options)
  const delivery = watchDelivery(request)
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.once('response', resolve)
  request.on('error', (error) => {
    reject(ask.signal?.aborted ? ask.signal.reason : whyLost(error, url, delivery.begun))
  })
  request.end(ask.body)
  return await promise
}

/** Reads a body to its end. One that breaks off is a ConnectionLost. */
export async function readAll(answer: IncomingMessage, limit: number): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  try {
    for await (const part of answer as AsyncIterable<Buffer>) {
      size += part.length
      if (size > limit) throw new BadReply(`a reply of more than ${String(limit)} bytes`)
      parts.push(part)
    }
  } catch (error) {
    if (error instanceof BadReply) throw error
    throw new ConnectionLost('the reply broke off', true, { cause: error })
  }
  return Buffer.concat(parts).toString('utf8')
}

/** What a status that is not a success means. */
export function refusal(status: number, url: string, location: string | undefined, text: string): Error {
  if (status >= 500) return new ConnectionLost(`${url} answered HTTP ${String(status)}`, true)
  if (status >= 300 && status < 400) {
    return new BadReply(`${url} wants us to go to ${location ?? 'nowhere'}, where we do not go`)
  }
  const told = text
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return new HttpRefusal(status, `${url} answered HTTP ${String(status)}: ${told.slice(0, 200)}`)
}

function tlsOf(hub: HubAddress, { certificate, newestTls }: Ask) {
  return {
    ...(hub.authority === null ? {} : { ca: hub.authority.pem }),
    ...(certificate ? { cert: certificate.chain.pem, key: certificate.key.pem } : {}),
    ...(newestTls === undefined ? {} : { maxVersion: newestTls }),
  }
}

/** Tells whether a request can have left: only after its connection stood, with TLS on it. */
function watchDelivery(request: ClientRequest): { readonly begun: boolean } {
  const delivery = { begun: false }
  request.once('socket', (socket) => {
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
      delivery.begun = true
    })
  })
  return delivery
}

function whyLost(error: Error, url: URL, begun: boolean): Error {
  const code = 'code' in error ? String(error.code) : error.name
  const told = `${url.host} ${begun ? 'broke off' : 'cannot be reached'}: ${error.message}`
  if (!begun && /^(EPROTO|ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_)/.test(code)) {
    return new NotTrusted(`${url.host} is not trusted: ${error.message}`, { cause: error })
  }
  // Under TLS 1.3 a server refuses our certificate after the handshake; an alert is no lost reply.
  if (/^ERR_SSL_.*ALERT/.test(code))
    return new NotTrusted(`${url.host} does not trust us: ${error.message}`, { cause: error })
  return new ConnectionLost(told, begun, { cause: error })
}
