import { dropAnnounced } from '#events/drop-announced.ts'
import { dropFailed } from '#events/drop-failed.ts'
import { dropReady } from '#events/drop-ready.ts'
import { dropScheduled } from '#events/drop-scheduled.ts'
import type { Envelope } from '#events/envelope.ts'
import type { Job } from '#ledger/ledger.ts'
import type { Fate } from './fate.ts'

/** What became of one drop; times in milliseconds. */
export interface DropRecord {
  readonly scheduled: number
  readonly ready: number | null
  readonly announced: number | null
  readonly failed: number | null
}

/** What the jobs of one service came to; times in milliseconds. */
export interface ServiceRecord {
  readonly attempts: number
  readonly busy: number
  /** How long each job waited for its first attempt. */
  readonly waits: readonly number[]
  readonly failures: number
  readonly evictions: number
}

interface Said {
  readonly events: number
  /** As JSON; each event once, however many services hear it. */
  readonly bytes: number
}

interface Span {
  readonly start: number
  readonly end: number
  /** How many workers each service had. */
  readonly shares: ReadonlyMap<string, number>
}

/** All that a simulation came to. */
export interface Tally {
  readonly drops: ReadonlyMap<string, DropRecord>
  readonly services: ReadonlyMap<string, ServiceRecord>
  readonly said: () => Said
  readonly span: () => Span
  send(envelopes: readonly Envelope[]): void
  hear(subject: string, drop: string, time: Date): void
  begin(job: Job, fate: Fate): void
  close(span: Span): void
}

/** A tally with nothing on it. */
export function createTally(): Tally {
  const drops = new Map<string, DropRecord>()
  const services = new Map<
    string,
    { -readonly [Key in keyof ServiceRecord]: ServiceRecord[Key] } & { waits: number[] }
  >()
  let span: Span | null = null
  let said: Said = { events: 0, bytes: 0 }
  return {
    drops,
    services,
    span() {
      if (span === null) throw new RangeError('the simulation has not ended')
      return span
    },
    said: () => said,
    send(envelopes) {
      const bytes = envelopes.reduce((sum, one) => sum + Buffer.byteLength(JSON.stringify(one)), said.bytes)
      said = { events: said.events + envelopes.length, bytes }
    },
    hear(subject, drop, time) {
      const at = time.getTime()
      const known = drops.get(drop) ?? { scheduled: at, ready: null, announced: null, failed: null }
      drops.set(drop, {
        scheduled: subject === dropScheduled.subject ? at : known.scheduled,
        ready: subject === dropReady.subject ? at : known.ready,
        announced: subject === dropAnnounced.subject ? at : known.announced,
        failed: subject === dropFailed.subject ? at : known.failed,
      })
    },
    begin({ service, attempts, acceptedAt, startedAt }, { ends, after }) {
      const known = services.get(service) ?? { attempts: 0, busy: 0, waits: [], failures: 0, evictions: 0 }
      services.set(service, known)
      known.attempts += 1
      known.busy += after
      if (attempts === 1) known.waits.push((startedAt ?? acceptedAt).getTime() - acceptedAt.getTime())
      if (ends === 'transient' || ends === 'broken') known.failures += 1
      if (ends === 'evicted') known.evictions += 1
    },
    close(whole) {
      span = whole
    },
  }
}
