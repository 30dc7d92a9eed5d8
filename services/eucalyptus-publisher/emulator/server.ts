import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { messageOf } from '#service/errors.ts'
import { answerBootstrap, answerCompute } from './answer-compute.ts'
import { answerStorage, type Answer } from './answer-storage.ts'
import { ApiError } from './api-error.ts'
import { callerOf, type ServiceName } from './caller.ts'
import { renderXml } from './render-xml.ts'
import type { World } from './world.ts'

/** Larger than any part; a test of other clients may send a whole small disk. */
const mostOfBody = 64 * 1024 * 1024
const xml = { 'content-type': 'text/xml; charset=UTF-8' }

/** The EC2 API, object storage and the bootstrap service behind one address, by the paths that Eucalyptus has for them. */
export function createEmulatorServer(world: World): { readonly server: Server; readonly settled: () => Promise<void> } {
  async function answer(request: IncomingMessage): Promise<Answer> {
    const { service, path, query } = routeOf(request)
    try {
      const body = await receive(request)
      const form = new URLSearchParams(request.method === 'GET' ? query : body.toString('utf8'))
      const caller = callerOf(request, { service, body, form }, world)
      if (service === 'objectstorage') {
        const { method = 'GET', headers } = request
        return await answerStorage(world, caller, { method, path, query, headers, body })
      }
      const text = service === 'compute' ? await answerCompute(world, caller, form) : answerBootstrap(world, form)
      return { status: 200, headers: xml, body: text }
    } catch (error) {
      if (error instanceof ApiError) return errorOf(error, service)
      throw error
    }
  }

  const running = new Set<Promise<void>>()
  const server = createServer((request, response) => {
    const answering = answer(request).then(
      (answered) => {
        send(response, request, answered)
      },
      (error: unknown) => {
        // A client that went away in the middle of its request hears no answer.
        if (request.socket.destroyed) return
        world.log.error({ err: error, url: request.url }, 'failed')
        send(response, request, errorOf(new ApiError(500, 'InternalError', messageOf(error)), 'compute'))
      },
    )
    void answering.finally(() => running.delete(answering))
    running.add(answering)
  })
  server.keepAliveTimeout = 120_000
  return { server, settled: async () => void (await Promise.all(running)) }
}

function routeOf({ url = '/' }: IncomingMessage) {
  const { pathname, searchParams: query } = new URL(url, 'http://localhost')
  const [, name, rest = '/'] = /^\/services\/(compute|objectstorage|bootstrap)(\/.*)?$/s.exec(pathname) ?? []
  return { service: (name ?? 'compute') as ServiceName, path: decodeURIComponent(rest), query }
}

async function receive(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > mostOfBody)
      throw new ApiError(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed object size.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function errorOf({ status, code, message }: ApiError, service: ServiceName): Answer {
  const error = { Code: code, Message: message }
  const body =
    service === 'objectstorage'
      ? renderXml('Error', { ...error, RequestId: randomUUID() })
      : renderXml('Response', { Errors: { Error: error }, RequestID: randomUUID() })
  return { status, headers: xml, body }
}

function send(response: ServerResponse, { method }: IncomingMessage, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(method === 'HEAD' ? undefined : body)
}
