import type { Logger } from 'pino'
import type { Bus } from '#bus/bus.ts'
import type { Ledger } from '#ledger/ledger.ts'
import type { Assembled } from './host.ts'
import { createMetrics } from './metrics.ts'

interface ProbeOptions {
  readonly assembled: readonly Assembled[]
  readonly bus: Bus
  readonly ledger: Ledger
  readonly log: Logger
}

export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** What those who watch over a process ask it: `/live`, `/ready`, `/metrics`. Resolves with null for other paths. */
export function createProbes({ assembled, bus, ledger, log }: ProbeOptions): (path: string) => Promise<Answer | null> {
  const auditors = assembled.flatMap(({ service, audits: target }) =>
    target === undefined ? [] : [{ service: service.name, target }],
  )
  const metrics = createMetrics(ledger, bus, auditors)
  return async (path) => {
    switch (path) {
      case '/live':
        return say(200, 'ok')
      case '/ready':
        return await ready()
      case '/metrics':
        return { status: 200, type: metrics.contentType, body: await metrics.metrics() }
      default:
        return null
    }
  }

  async function ready(): Promise<Answer> {
    const { connected, detail } = bus.state()
    try {
      await ledger.ping()
    } catch (error) {
      log.error({ err: error }, 'failed')
      return say(503, 'the ledger does not answer')
    }
    return connected ? say(200, 'ok') : say(503, `the bus is not connected: ${detail}`)
  }
}

function say(status: number, text: string): Answer {
  return { status, type: 'application/json', body: JSON.stringify({ status: text }) }
}
