import type { Envelope } from '#events/envelope.ts'

/** How far a long job is. Seen live, never stored, never awaited. */
export interface Progress {
  /** What is being done, in a few words: `installing packages`. */
  readonly phase: string
  /** Done and total in one unit, when the tool tells. */
  readonly done?: number
  readonly total?: number
  readonly unit?: 'bytes' | 'percent' | 'checks' | 'steps'
}

/** A service's standing interest in some subjects. */
export interface Subscription {
  /** Subscriptions with the same name compete: each event goes to one of them. */
  readonly service: string
  readonly subjects: readonly string[]
  /**
   * Resolves when the events are durable on the consumer's side. A rejection means that they are not: the bus
   * delivers them again later.
   */
  readonly deliver: (envelopes: readonly Envelope[]) => Promise<void>
  /**
   * Judges who sent a valid event: returns it as it is to be taken in, or throws. What it throws at is never delivered
   * and goes the way of an invalid event.
   */
  readonly admit?: (envelope: Envelope) => Envelope
}

/** A subscription that is open. Disposing of it drains: what is being delivered is finished and acknowledged first. */
export interface Subscribed extends AsyncDisposable {
  /**
   * Whether, of those who compete, this one is to get everything for as long as it keeps up; else they get events by turns, as all do
   * at first. Only where the broker can do so.
   */
  readonly gather?: (everything: boolean) => void
}

/** Progress of one running job, as the bus carries it: seen by whoever watches now, never stored. */
export interface JobProgress extends Progress {
  readonly service: string
  readonly drop: string | null
  readonly image: string | null
  readonly state: 'started' | 'running' | 'done' | 'failed' | 'waiting'
}

/** What a service wants to hear: enough to keep its events before it has ever run. */
export type Interest = Pick<Subscription, 'service' | 'subjects'>

/** Some events did not get through; all others of the same call did. */
export class NotPublished extends Error {
  override name = 'NotPublished'
  readonly code = 'NOT_PUBLISHED'
  /** Why, by event id: nobody's inbox is bound to the subject, the broker refused it, or it did not answer. */
  readonly reasons: ReadonlyMap<string, string>

  constructor(reasons: ReadonlyMap<string, string>, options?: ErrorOptions) {
    const [first = ''] = reasons.values()
    super(`${String(reasons.size)} events were not taken by the bus: ${first}`, options)
    this.reasons = reasons
  }
}

/** How a bus is doing, for `/ready` and `/metrics`. Counts are since it was opened. */
export interface BusState {
  readonly connected: boolean
  /** Why it is not connected; empty when it is. */
  readonly detail: string
  readonly published: number
  readonly delivered: number
  /** Deliveries that the broker marked as tried before. */
  readonly redelivered: number
  /** Deliveries that were no valid event, or not to be believed, and went to the dead letters. */
  readonly refused: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/**
 * Carries facts between services. An implementer delivers each event at least once to every service that
 * subscribed, and refuses invalid events on both ends. Retries, dead letters of failed work, ordering of jobs and
 * progress bookkeeping are the ledger's and the runtime's job, not yours.
 */
export interface Bus extends AsyncDisposable {
  /** Makes sure that these services' inboxes exist, so that nothing is lost before they first run. */
  prepare(interests: readonly Interest[]): Promise<void>
  /**
   * Resolves when every event is durable for each of its subscribers. Throws InvalidEvent before anything is sent,
   * NotPublished when some did not get through.
   */
  publish(envelopes: readonly Envelope[]): Promise<void>
  subscribe(subscription: Subscription): Promise<Subscribed>
  /** Shows progress to those who watch; loses it when nobody does. */
  signal(progress: JobProgress): void
  watch(listener: (progress: JobProgress) => void): Disposable
  state(): BusState
  /** Our account, where the broker vouches for the sender of each message; null where only its rules on subjects do. */
  readonly account: string | null
  /** Aborts, with the error as its reason, when trying again cannot help: the broker refuses us for a reason. */
  readonly givenUp: AbortSignal
}
