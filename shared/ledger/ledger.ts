import type { Envelope } from '#events/envelope.ts'

/**
 * queued → running → done | failed (said so in an event) | quarantined (an error that needs a person) | cancelled.
 * The last three can be replayed.
 */
export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'quarantined' | 'cancelled'

/** One service's durable work on one event. */
export interface Job {
  readonly id: number
  readonly service: string
  readonly envelope: Envelope
  readonly state: JobState
  /** How many times it was leased, this time included. */
  readonly attempts: number
  readonly error: string | null
  readonly drop: string | null
  /** `generic.x86_64`, when the event is about one image. */
  readonly image: string | null
  readonly acceptedAt: Date
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
}

/** An event on its way into a service's inbox. */
export interface Delivery {
  readonly envelope: Envelope
  /** Jobs of one service with the same key run one after the other, in order of arrival. */
  readonly key: string | null
  /** False for an event that only ends work and asks for none. */
  readonly wanted: boolean
  /** Ends the service's other work on the drop. */
  readonly endsWork: boolean
}

/** A service's state under one key, with the version that guards it. */
export interface Entity {
  readonly state: unknown
  readonly version: number
}

/** What a job leaves behind; all of it in one transaction. */
export interface Outcome {
  readonly state: 'done' | 'failed' | 'quarantined' | 'cancelled'
  readonly events: readonly Envelope[]
  readonly error?: string
  readonly entity?: { readonly key: string; readonly version: number; readonly state: unknown }
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
  readonly jobs: readonly { service: string; state: JobState; count: number; oldest: Date }[]
  readonly outbox: number
}

/** What became of a lease: still ours, somebody else's, or its job cancelled by a person. */
export type Held = 'held' | 'lost' | 'cancelled'

/**
 * Where there may be new work: the inbox of a service, the outbox, or anywhere. `said` is news for those who follow a
 * drop: events whose sender is known, so that nobody else needs to look for them.
 */
export type WorkPlace = { readonly service: string } | 'outbox' | 'said' | 'anywhere'

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
  /** Puts events in a service's inbox; each once, however often it is delivered. Resolves with the number of new ones. */
  accept(service: string, deliveries: readonly Delivery[], now: Date): Promise<number>
  /** Hands out queued jobs that are due, and running ones whose lease ran out, oldest first. */
  lease(service: string, options: { owner: string; now: Date; until: Date; limit: number }): Promise<Job[]>
  /** Prolongs leases. Resolves with what became of each job. */
  heartbeat(jobs: readonly number[], owner: string, until: Date): Promise<Map<number, Held>>
  /** Ends a job. Throws LeaseLost when it is no longer ours. */
  finish(job: number, owner: string, outcome: Outcome, now: Date): Promise<void>
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
  /** Takes failed, quarantined and cancelled jobs of a drop up again; resolves with their number. */
  replay(drop: string, now: Date): Promise<number>
  jobs(selector: JobSelector): Promise<Job[]>
  /** Everything that was said about one drop, or of one subject, in order. */
  events(selector: { drop?: string; subject?: string; after?: number; limit?: number }): Promise<OutboxRow[]>
  /** The earliest time at which a waiting job is due or a lease ends, for the dispatcher's alarm clock. */
  nextDue(service: string): Promise<Date | null>
  backlog(): Promise<Backlog>
  /** The account that the ledger knows us by, and that stands at the requests that we write. */
  account(): Promise<string>
  /** Resolves when the database answers. */
  ping(): Promise<void>
  /** Calls back when there may be new work: for a service, in the outbox, or (null) anywhere. */
  watch(listener: (where: WorkPlace) => void): Disposable
}
