import fastify, { type FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Bus } from '#bus/bus.ts'
import type { Ledger } from '#ledger/ledger.ts'
import type { Assembled, Say } from './host.ts'
import { createMetrics } from './metrics.ts'

export interface HttpOptions {
  readonly assembled: readonly Assembled[]
  readonly bus: Bus
  readonly ledger: Ledger
  readonly say: Say
  readonly log: Logger
  readonly host: string
  readonly port: number
}

/**
 * Serves `/live` (the process runs), `/ready` (the ledger answers and the bus is connected), `/metrics` (Prometheus text), and the routes
 * that the services bring. Resolves when it listens.
 */
export async function serveHttp(options: HttpOptions): Promise<FastifyInstance> {
  const { assembled, bus, ledger, say, host, port } = options
  const app = fastify({ logger: false, bodyLimit: 1024 * 1024 })
  const metrics = createMetrics(ledger, bus)
  app.get('/live', () => ({ status: 'ok' }))
  app.get('/ready', async (_request, reply) => {
    const { connected, detail } = bus.state()
    try {
      await ledger.ping()
    } catch (error) {
      options.log.error({ err: error }, 'failed')
      return await reply.code(503).send({ status: 'the ledger does not answer' })
    }
    if (!connected) return await reply.code(503).send({ status: `the bus is not connected: ${detail}` })
    return { status: 'ok' }
  })
  app.get('/metrics', async (_request, reply) => {
    return await reply.type(metrics.contentType).send(await metrics.metrics())
  })
  for (const one of assembled) one.routes?.(app, say)
  await app.listen({ host, port })
  return app
}
