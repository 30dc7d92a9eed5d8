import { once } from 'node:events'
import { request as askHttp, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { request as askHttps } from 'node:https'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { TransientError } from '#service/errors.ts'

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: string
  readonly headers?: OutgoingHttpHeaders
  /** A text, or a file's bytes as they are read. */
  readonly body?: string | Readable
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
  readonly bytes: Buffer
}

/** How a cloud is reached. */
export interface Wire {
  /** PEM certificates to trust instead of the host's. */
  readonly ca: string | null
  readonly verify: boolean
  /** Milliseconds in which nothing may happen on the connection. */
  readonly silence: number
}

export type Send = (request: Request, signal: AbortSignal) => Promise<Reply>

/** Answers of clouds are a few kilobytes; a page of images a few hundred. */
const longestReply = 8 * 1024 * 1024

/**
 * Speaks HTTP/1.1 with a cloud. Follows no redirect: none of the clouds makes one that a client needs, and the
 * credentials would go along. Throws TransientError when no whole answer comes.
 */
export function createSend({ ca, verify, silence }: Wire): Send {
  const tls = { ...(ca === null ? {} : { ca }), rejectUnauthorized: verify }
  return async ({ method, url, headers, body }, signal) => {
    // A request that is destroyed before it has a connection fails later, when nobody listens any more.
    signal.throwIfAborted()
    const ask = url.startsWith('https:') ? askHttps : askHttp
    const request = ask(url, { method, headers: { accept: 'application/json', ...headers }, timeout: silence, ...tls })
    const stop = () => request.destroy(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
    request.on('timeout', () => request.destroy(new Error(`nothing was heard for ${String(silence / 1000)} s`)))
    try {
      const answered = once(request, 'response') as Promise<[IncomingMessage]>
      // A server that refuses answers before it has read everything: the answer tells more than the broken pipe.
      const sent = typeof body === 'object' ? pipeline(body, request) : Promise.resolve(request.end(body))
      const [response] = await Promise.race([answered, sent.then(() => answered)])
      const bytes = await read(response)
      return { status: response.statusCode ?? 0, headers: response.headers, text: bytes.toString('utf8'), bytes }
    } catch (error) {
      signal.throwIfAborted()
      throw new TransientError(`${method} ${url}: ${reasonOf(error)}`, { cause: error })
    } finally {
      signal.removeEventListener('abort', stop)
      request.destroy()
    }
  }
}

async function read(response: IncomingMessage): Promise<Buffer> {
  let size = 0
  response.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > longestReply) response.destroy(new Error(`the answer is longer than ${String(longestReply)} bytes`))
  })
  return await buffer(response)
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // Node gives several addresses' errors as one without a message.
  return error.message || ('code' in error ? String(error.code) : error.name)
}
