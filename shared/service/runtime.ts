import type { Logger } from 'pino'
import type { Bus } from '#bus/bus.ts'
import type { Said } from '#events/define.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { checkOutgoing } from '#events/parse.ts'
import type { Job, Ledger, OutboxRow } from '#ledger/ledger.ts'
import type { Capacity } from '#ledger/needs.ts'
import type { WatchAttempt } from './attempt-watch.ts'
import type { Linked } from './paths.ts'
import type { Accounts, Untrusted } from './trust.ts'

/** What every attempt of this process shares. */
export interface Runtime {
  readonly ledger: Ledger
  readonly bus: Bus
  readonly owner: string
  readonly stateFolder: string
  readonly now: () => Date
  readonly log: Logger
  /** Which accounts at the broker services speak from; default one each. */
  readonly accounts?: Accounts
  /** All services, also those of other processes: who may say what, and what comes after what. Default those of this process. */
  readonly services?: readonly Linked[]
  /** Called when an event is refused because of who sent it; default nothing. */
  readonly onRefused?: (refusal: Untrusted, service: string) => void
  /** Measures or traces; default nothing. */
  readonly watchAttempt?: WatchAttempt
  /** What this host has now; without it nobody counts, and jobs are taken whatever they need. */
  readonly capacity?: () => Promise<Capacity>
  /** Called when there may be more room on this host: a job that held a part of it has ended, or time has passed. */
  readonly onRoom?: () => void
  /** Called when the jobs of a service turn out to be short, and when they are so no longer; default nothing. */
  readonly onPace?: (areShort: boolean) => void
  /** Called when a job has left events in the outbox, for this process to send: these, or what is there. */
  readonly onSaid?: (said?: readonly OutboxRow[] | null) => void
}

/** The runtime as one attempt has it: the events that it says carry its trace. */
export type TracedRuntime = Runtime & { readonly trace: string | null }

/** Puts what a job says in envelopes that name their cause, and checks it. */
export function sealAll({ now, trace }: TracedRuntime, job: Job, events: readonly Said[]): Envelope[] {
  const sealed = events.map((event) => seal(event, { now: now(), causation: job.envelope, trace }))
  sealed.forEach(checkOutgoing)
  return sealed
}
