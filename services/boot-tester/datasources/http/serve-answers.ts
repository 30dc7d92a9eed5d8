import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, ListenOptions } from 'node:net'
import type { GuestRequest } from '../datasource.ts'
import type { Answer, Answers } from './answer.ts'

interface ServeOptions {
  readonly answers: Answers
  readonly listen: ListenOptions
  /** Goes before each request's path: the address as the guest knows it. */
  readonly at: string
  readonly onRequest: (request: GuestRequest) => void
}

/** A guest asks with a few words. */
const longestBody = 1024 * 1024

/** Serves a metadata service by HTTP. */
export async function serveAnswers(options: ServeOptions): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((request, response) => {
    answerOne(options, request, response).catch(() => {
      // The guest has hung up; it asks again, or its boot shows that it did not.
      response.destroy()
    })
  })
  server.listen(options.listen)
  await once(server, 'listening')
  const address = server.address()
  return {
    port: isTcp(address) ? address.port : 0,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function isTcp(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}

async function answerOne(
  { answers, at, onRequest }: ServeOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', url = '/' } = request
  const asked = new Date()
  const answer = await findAnswer(answers, request, asked)
  const { status, headers: own = {}, body = '' } = answer
  onRequest({ at: asked, method, url: `${at}${url}`, status })
  response.writeHead(status, { ...own, 'content-length': String(Buffer.byteLength(body)) })
  // Node leaves the body out where HTTP wants none.
  response.end(body)
}

async function findAnswer(answers: Answers, request: IncomingMessage, at: Date): Promise<Answer> {
  const body = await readBody(request)
  if (body === null) return { status: 413 }
  const { method = 'GET', url = '/', headers } = request
  const place = URL.parse(url, 'http://metadata')
  if (!place) return { status: 400 }
  return answers({ method, path: decodePath(place.pathname), query: place.searchParams, headers, body, at })
}

/** Node's parser lets escapes pass that stand for nothing; such a path is looked up as it is. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > longestBody) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
