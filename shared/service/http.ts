import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Bus } from '#bus/bus.ts'
import type { Ledger } from '#ledger/ledger.ts'
import type { Assembled } from './host.ts'
import type { Running } from './run.ts'
import { messageOf } from './errors.ts'
import { createProbes } from './probes.ts'

export interface HttpOptions {
  readonly assembled: readonly Assembled[]
  readonly bus: Bus
  readonly ledger: Ledger
  readonly voiceOf: Running['voiceOf']
  readonly log: Logger
  readonly host: string
  readonly port: number
}

export interface HttpServer extends AsyncDisposable {
  readonly url: string
}

/** What is being answered when the process stops may take so many milliseconds: a ledger may not answer at all. */
const closeTime = 1_000

/**
 * Serves `/live` (the process runs), `/ready` (the ledger answers and the bus is connected), `/metrics` (Prometheus
 * text), and the routes that the services bring. Resolves when it listens.
 */
export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const { log, host, port } = options
  const probe = createProbes(options)
  const others = listenerFor(options)
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    const answered = request.method === 'GET' ? probe(path) : Promise.resolve(null)
    answered
      .then(async (answer) => {
        if (answer === null) await others(request, response)
        else response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body)
      })
      .catch((error: unknown) => {
        log.error({ err: error }, 'failed')
        response.writeHead(500).end(messageOf(error))
      })
  })
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    url: `http://${name}:${String(address.port)}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      const impatience = setTimeout(() => {
        server.closeAllConnections()
      }, closeTime)
      await closed
      clearTimeout(impatience)
    },
  }
}

/**
 * The routes that the services bring, behind the web framework. Most services have none, and the others are not asked
 * for hours: its 10 MB are loaded with the first request.
 */
function listenerFor({ assembled, voiceOf }: HttpOptions): (...exchange: Parameters<RequestListener>) => Promise<void> {
  const routes = assembled.flatMap(({ routes: add, service }) =>
    add
      ? [
          (app: FastifyInstance) => {
            add(app, voiceOf(service.name))
          },
        ]
      : [],
  )
  let app: Promise<FastifyInstance> | null = null
  return async (request, response) => {
    if (routes.length === 0) {
      response.writeHead(404).end()
      return
    }
    app ??= createApp(routes)
    ;(await app).routing(request, response)
  }
}

async function createApp(routes: readonly ((app: FastifyInstance) => void)[]): Promise<FastifyInstance> {
  const { default: fastify } = await import('fastify')
  const app = fastify({ logger: false, bodyLimit: 1024 * 1024 })
  for (const add of routes) add(app)
  await app.ready()
  return app
}
