import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Bus, BusState } from '#bus/bus.ts'
import type { Backlog, Ledger } from '#ledger/ledger.ts'
import { findingKinds } from '#events/cloud-audited.ts'
import { auditKey, auditState } from './audit.ts'
import type { WatchAttempt } from './attempt-watch.ts'
import type { Runtime } from './runtime.ts'

const attemptSeconds = new Histogram({
  name: 'imagedrop_attempt_seconds',
  help: 'Duration of one try at a job, from its lease to its recorded end, by service, subject and outcome',
  labelNames: ['service', 'subject', 'outcome'],
  buckets: [0.01, 0.1, 1, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400],
  registers: [],
})

/** Measures how long attempts take. */
export const measureAttempt: WatchAttempt = ({ service, envelope: { subject } }) => {
  const stop = attemptSeconds.startTimer({ service, subject })
  return { traceparent: null, end: (outcome) => void stop({ outcome }) }
}

const refused = new Counter({
  name: 'imagedrop_requests_refused_total',
  help: 'Requests and other events that were not taken in because of who sent them, by service and subject',
  labelNames: ['service', 'subject'],
  registers: [],
})

/** Counts what is refused. */
export const countRefusal: NonNullable<Runtime['onRefused']> = ({ subject }, service) => {
  refused.inc({ service, subject })
}

const keyExpiry = new Gauge({
  name: 'imagedrop_signing_key_expires_timestamp_seconds',
  help: 'When an OpenPGP key that this process signs with expires, by fingerprint; absent when it never does',
  labelNames: ['fingerprint'],
  registers: [],
})

/** Says when a key that this process signs with expires. */
export function tellKeyExpiry(fingerprint: string, expires: Date): void {
  keyExpiry.set({ fingerprint }, expires.getTime() / 1000)
}

/** A service that audits a target by itself. */
export interface Auditor {
  readonly service: string
  readonly target: string
}

/** The figures of this process, its ledger and its bus, read when they are asked for. */
export function createMetrics(ledger: Ledger, bus: Bus, auditors: readonly Auditor[] = []): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  registry.registerMetric(attemptSeconds)
  registry.registerMetric(refused)
  registry.registerMetric(keyExpiry)
  addBacklog(registry, ledger)
  addUnfit(registry, ledger)
  addAudits(registry, ledger, auditors)
  addBus(registry, bus)
  return registry
}

function addBacklog(registry: Registry, ledger: Ledger): void {
  let reading: Promise<Backlog> | null = null
  // All gauges of one answer are collected at the same time, and share one look.
  const read = () =>
    (reading ??= ledger.backlog(new Date()).finally(() => {
      reading = null
    }))
  const add = (name: string, help: string, labelNames: readonly string[], valuesOf: (backlog: Backlog) => Value[]) => {
    const gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [],
      async collect() {
        const values = valuesOf(await read())
        this.reset()
        for (const [labels, value] of values) this.set(labels, value)
      },
    })
    registry.registerMetric(gauge)
  }
  const byState = ['service', 'state']
  add('imagedrop_jobs', 'Jobs that are not over, by service and state', byState, ({ jobs }) =>
    jobs.map(({ service, state, count }) => [{ service, state }, count]),
  )
  add('imagedrop_oldest_job_age_seconds', 'Age of the oldest job by service and state', byState, ({ jobs }) =>
    jobs.map(({ service, state, oldest }) => [{ service, state }, secondsSince(oldest)]),
  )
  const byReason = ['service', 'reason', 'kind']
  add(
    'imagedrop_waiting_jobs',
    'Jobs that wait, by what they wait for; kind is `others` or `planned`',
    byReason,
    ({ waits }) => waits.map(({ service, reason, kind, count }) => [{ service, reason, kind }, count]),
  )
  add('imagedrop_oldest_wait_seconds', 'How long the oldest of them has waited', byReason, ({ waits }) =>
    waits.map(({ service, reason, kind, oldest }) => [{ service, reason, kind }, secondsSince(oldest)]),
  )
  add('imagedrop_outbox_events', 'Events that are said but not yet confirmed by the bus', [], ({ outbox }) => [
    [{}, outbox],
  ])
}

function addUnfit(registry: Registry, ledger: Ledger): void {
  const gauge = new Gauge({
    name: 'imagedrop_unfit_jobs',
    help: 'Queued jobs that no worker can run, by service and by what all of its workers lack',
    labelNames: ['service', 'reason'],
    registers: [],
    async collect() {
      const unfit = await ledger.unfit(new Date())
      this.reset()
      for (const { service, reason, count } of unfit) this.set({ service, reason }, count)
    },
  })
  registry.registerMetric(gauge)
}

/** What the last audits found, as the ledger remembers it: whichever process did them, all tell the same. */
function addAudits(registry: Registry, ledger: Ledger, auditors: readonly Auditor[]): void {
  const read = () =>
    Promise.all(
      auditors.map(async ({ service, target }) => {
        const { state } = await ledger.entity(service, auditKey)
        return { target, last: auditState.parse(state ?? null) }
      }),
    )
  const findings = new Gauge({
    name: 'imagedrop_audit_findings',
    help: 'What the last audit of a target found that is not as the ledger says, by kind',
    labelNames: ['target', 'kind'],
    registers: [],
    async collect() {
      const audits = await read()
      this.reset()
      for (const { target, last } of audits) {
        for (const kind of findingKinds) this.set({ target, kind }, 0)
        for (const { kind } of last?.findings ?? []) this.inc({ target, kind })
      }
    },
  })
  const due = new Gauge({
    name: 'imagedrop_audit_due_timestamp_seconds',
    help: 'When the next audit of a target is due; absent before the first and when none is wanted',
    labelNames: ['target'],
    registers: [],
    async collect() {
      const audits = await read()
      this.reset()
      for (const { target, last } of audits) if (last) this.set({ target }, Date.parse(last.due) / 1000)
    },
  })
  registry.registerMetric(findings)
  registry.registerMetric(due)
}

type Value = readonly [labels: Record<string, string>, value: number]

function secondsSince(time: Date): number {
  return (Date.now() - time.getTime()) / 1000
}

const busCounters = {
  published: ['imagedrop_bus_published_total', 'Events that the bus confirmed'],
  delivered: ['imagedrop_bus_delivered_total', 'Events that were delivered and kept'],
  redelivered: ['imagedrop_bus_redelivered_total', 'Deliveries that the broker marked as tried before'],
  refused: ['imagedrop_bus_refused_total', 'Deliveries that were no valid event'],
  bytesIn: ['imagedrop_bus_received_bytes_total', 'Bytes of message bodies received'],
  bytesOut: ['imagedrop_bus_sent_bytes_total', 'Bytes of message bodies sent'],
} as const satisfies Partial<Record<keyof BusState, readonly [string, string]>>

function addBus(registry: Registry, bus: Bus): void {
  const connected = new Gauge({
    name: 'imagedrop_bus_connected',
    help: '1 while the bus is connected',
    registers: [],
    collect() {
      this.set(bus.state().connected ? 1 : 0)
    },
  })
  registry.registerMetric(connected)
  for (const key of Object.keys(busCounters) as (keyof typeof busCounters)[]) {
    const [name, help] = busCounters[key]
    const counter = new Counter({
      name,
      help,
      registers: [],
      collect() {
        this.reset()
        this.inc(bus.state()[key])
      },
    })
    registry.registerMetric(counter)
  }
}
