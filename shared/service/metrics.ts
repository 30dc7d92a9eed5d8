import { Gauge, Registry, collectDefaultMetrics } from 'prom-client'
import type { Ledger } from '#ledger/ledger.ts'

/** The figures of this process and of its ledger, read when they are asked for. */
export function createMetrics(ledger: Ledger): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const labelNames = ['service', 'state'] as const
  const oldest = new Gauge({
    name: 'imagedrop_oldest_job_age_seconds',
    help: 'Age of the oldest job by service and state',
    labelNames,
    registers: [registry],
  })
  const outbox = new Gauge({
    name: 'imagedrop_outbox_events',
    help: 'Events that are said but not yet confirmed by the bus',
    registers: [registry],
  })
  const jobs = new Gauge({
    name: 'imagedrop_jobs',
    help: 'Jobs by service and state',
    labelNames,
    registers: [registry],
    async collect() {
      const backlog = await ledger.backlog()
      this.reset()
      oldest.reset()
      outbox.set(backlog.outbox)
      for (const { service, state, count, oldest: since } of backlog.jobs) {
        this.set({ service, state }, count)
        oldest.set({ service, state }, (Date.now() - since.getTime()) / 1000)
      }
    },
  })
  registry.registerMetric(jobs)
  return registry
}
