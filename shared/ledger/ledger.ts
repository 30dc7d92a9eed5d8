import type { Envelope } from '#events/envelope.ts'
import type { Delivery } from './delivery.ts'
import type { Held } from './held.ts'
import type { Capacity, Needs, Taken, Unfit, Worker } from './needs.ts'
import type { Waited, Waiting, WaitKind } from './waiting.ts'
import type { WakeScope } from './wake.ts'

/**
 * queued → running → done | failed (said so in an event) | quarantined (an error that needs a person) | cancelled.
 * The last three can be replayed. A running job may begin to wait, and runs again when it is woken: running → waiting →
 * running.
 */
export type JobState = 'queued' | 'running' | 'waiting' | 'done' | 'failed' | 'quarantined' | 'cancelled'

/** One service's durable work on one event. */
export interface Job {
  readonly id: number
  readonly service: string
  readonly envelope: Envelope
  readonly state: JobState
  /** How many times it was leased, this time included. */
  readonly attempts: number
  /** The process that runs it, or that ended it; null while nobody does. Jobs that an older version ended have none. */
  readonly owner: string | null
  /** The host of that process; null where nobody counts what it has. */
  readonly host: string | null
  readonly needs: Needs
  /** How many milliseconds it was expected to take; null when nobody knew. */
  readonly expected: number | null
  readonly error: string | null
  readonly drop: string | null
  /** `generic.x86_64`, when the event is about one image. */
  readonly image: string | null
  readonly acceptedAt: Date
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
  /** Its drop has ended: whoever leases the job cleans up after it, or just ends it. */
  readonly cancelRequested: boolean
  /** Null unless its state is `waiting`. */
  readonly waiting: Waiting | null
  /** Null when it has never waited since it was accepted or taken up again. */
  readonly waited: Waited | null
}

/** A job that somebody has just taken. */
export interface LeasedJob extends Job {
  /** What is kept under its key, as it was when the job was leased; null when it has none. */
  readonly entity: (Entity & { readonly key: string }) | null
}

/** A service's state under one key, with the version that guards it. */
export interface Entity {
  readonly state: unknown
  readonly version: number
}

/** What a job writes besides its own state. */
interface Written {
  readonly events: readonly Envelope[]
  readonly entity?: { readonly key: string; readonly version: number; readonly state: unknown }
}

/** What a job leaves behind; all of it in one transaction. */
export interface Outcome extends Written {
  readonly state: 'done' | 'failed' | 'quarantined' | 'cancelled'
  readonly error?: string
  /** Its drop has ended already: what ends is the cleaning up. */
  readonly whileCancelled?: boolean
}

/** How a job begins to wait; all of it in one transaction. */
export interface Wait extends Written, Omit<Waiting, 'since' | 'kind'> {
  /** `others`, unless it says so. */
  readonly kind?: WaitKind
  /** What the job needs to go on; small, as JSON. */
  readonly state: unknown
}

/** An event in the outbox, in the order in which it was said. An operator's has the account that wrote it as its sender. */
export interface OutboxRow {
  readonly seq: number
  /** Which service said it; null for an operator's request, and for what an older version left. */
  readonly service: string | null
  readonly envelope: Envelope
}

/** Which jobs a person means. */
export interface JobSelector {
  readonly drop?: string
  readonly service?: string
  /** The job on this event. */
  readonly eventId?: string
  readonly states?: readonly JobState[]
}

/** How much there is of what, for metrics and autoscaling. Only jobs that are not over: the past is not counted. */
export interface Backlog {
  /** A job whose wait is over counts as queued, from the time it ended. */
  readonly jobs: readonly { service: string; state: JobState; count: number; oldest: Date }[]
  /** What the waiting jobs wait for, those included whose wait is over. */
  readonly waits: readonly { service: string; reason: string; kind: WaitKind; count: number; oldest: Date }[]
  readonly outbox: number
}

/** Somebody else holds the job now, or a person cancelled it: whatever we did on it is not recorded. */
export class LeaseLost extends Error {
  override name = 'LeaseLost'
  readonly code = 'LEASE_LOST'
}

/**
 * The database does not answer. The call may or may not have been done; made again, it is done once. Nothing is wrong
 * with the job that made it.
 */
export class LedgerAway extends Error {
  override name = 'LedgerAway'
  readonly code = 'LEDGER_AWAY'
}

/** The database itself is damaged, and a person must mend it; the message names it and says how. */
export class LedgerBroken extends Error {
  override name = 'LedgerBroken'
  readonly code = 'LEDGER_BROKEN'
}

/** The tables lack what this version needs; the message says what to run. */
export class SchemaOutdated extends Error {
  override name = 'SchemaOutdated'
  readonly code = 'SCHEMA_OUTDATED'
}

/**
 * Remembers work: inbox and jobs, entities, outbox. An implementer makes every call one transaction that is durable
 * when it resolves, lets several processes call at once, and never hands a live lease to two owners. Deciding what
 * to do with a job is the runtime's part, not yours.
 */
export interface Ledger extends AsyncDisposable {
  /**
   * Puts events in a service's inbox; each once, however often it is delivered. Resolves with the number of new ones.
   * One that wakes is remembered for a week, for jobs that begin to wait for its key later.
   */
  accept(service: string, deliveries: readonly Delivery[], now: Date): Promise<number>
  /**
   * Hands out queued jobs that are due, waiting ones whose wait is over, and running ones whose lease ran out: by priority,
   * in turns of those that share, what has the longest way before it first, else the oldest. Jobs with one key run one at a
   * time; a job that waits lets later ones of its key go first. With a `capacity`, a job that the host can run beside all that runs on it already, of whatever service and process, or
   * none: one at a time, as each leaves less for the next.
   */
  lease(
    service: string,
    options: { owner: string; now: Date; until: Date; limit: number; capacity?: Capacity },
  ): Promise<LeasedJob[]>
  /** Says that a process takes jobs of services, and what its host has; to be said again before `workersLast` is over. */
  present(services: readonly Taken[], owner: string, capacity: Capacity, now: Date): Promise<void>
  /** Says that it takes none any more. */
  leave(owner: string): Promise<void>
  /** Who takes jobs, of whatever service we may see. */
  workers(now: Date): Promise<Worker[]>
  /** What waits in vain for one of them. */
  unfit(now: Date): Promise<Unfit[]>
  /**
   * Has jobs of a host end that may be preempted, as few as are needed, for a queued one of the first priority that fits nowhere; for a
   * minute the host keeps the room for it. Their owners hear it at their heartbeat. Resolves with how many were told.
   */
  makeRoom(service: string, options: { owner: string; now: Date; capacity: Capacity }): Promise<number>
  /** Prolongs leases. Resolves with what became of each job. */
  heartbeat(jobs: readonly number[], owner: string, until: Date): Promise<Map<number, Held>>
  /**
   * Ends a job. Resolves with its events as they are in the outbox, for their owner to send; null when that is to look for them
   * there (`takeUnsent`). Throws LeaseLost when it is no longer ours.
   */
  finish(job: number, owner: string, outcome: Outcome, now: Date): Promise<readonly OutboxRow[] | null>
  /**
   * Lets a job wait, with all its attempts before it again. It is woken by the oldest event with its key that has not
   * woken it before, one that came earlier at once, or when `until` has come. Throws LeaseLost when it is no longer ours.
   */
  park(job: number, owner: string, wait: Wait, now: Date): Promise<void>
  /** Gives a job back to be tried again from a time on; `counts` false takes the attempt back. */
  putBack(job: number, owner: string, options: { at: Date; error: string | null; counts: boolean }): Promise<void>
  /** Gives back the jobs, and the events to send, of owners that are known to be dead. */
  reclaim(isAlive: (owner: string) => boolean, now: Date): Promise<number>
  entity(service: string, key: string): Promise<Entity>
  /**
   * Says an event that no job said; an id that is there already is said already. `owner` is the process of the service
   * that sends it as long as it lives, in the order in which it said it. Without a service it is an operator's request.
   */
  say(envelope: Envelope, now: Date, by?: { readonly service: string; readonly owner: string }): Promise<void>
  /**
   * Hands out events that are not sent yet, oldest first, to one process at a time: those of `owner`'s own jobs, and
   * those whose process is gone; only of these services, and of no service only on these subjects. `except` leaves out
   * those that the bus does not take at the moment.
   */
  takeUnsent(options: {
    owner: string
    services: readonly string[]
    subjects: readonly string[]
    now: Date
    until: Date
    limit: number
    except?: readonly number[]
  }): Promise<OutboxRow[]>
  markSent(seqs: readonly number[], now: Date): Promise<void>
  /**
   * Takes failed, quarantined and cancelled jobs of a drop up again, from the beginning: what they waited for is
   * forgotten. Resolves with their number.
   */
  replay(drop: string, now: Date): Promise<number>
  jobs(selector: JobSelector): Promise<Job[]>
  /** Everything that was said about one drop, or of one subject, in order. */
  events(selector: { drop?: string; subject?: string; after?: number; limit?: number }): Promise<OutboxRow[]>
  /**
   * The earliest time after one has looked at which a queued or waiting job is due or a lease ends, for the dispatcher's
   * alarm clock.
   */
  nextDue(service: string, looked: Date): Promise<Date | null>
  backlog(now: Date): Promise<Backlog>
  /** The account that the ledger knows us by, and that stands at the requests that we write. */
  account(): Promise<string>
  /** Resolves when the database answers. */
  ping(): Promise<void>
  /**
   * Calls back when there may be new work: for a service, in the outbox, or anywhere; and, for one who follows drops, when
   * something was said. A service's work is told to those that it is offered by, see `offer`.
   */
  watch(listener: (where: WakeScope) => void, options?: { readonly follows?: boolean }): Disposable
  /**
   * Says whether this process can take more jobs of a service. One that is free is called when others have more than they
   * can do; one that is busy leaves what else there may be to another, each time that it says so. An implementer calls as
   * few as it can: what matters is that somebody who is free looks, and soon also when the one that was called has died.
   */
  offer(service: string, isFree: boolean): void
  /**
   * Whether this process is the one that looks when the time of a service's next job has come. Others need not all look
   * then. For some seconds after it has died or become busy there may be none.
   */
  keepsTime(service: string): Promise<boolean>
  /** Aborts, with LedgerBroken as its reason, when no call can succeed before a person has mended the database. */
  readonly givenUp: AbortSignal
}
