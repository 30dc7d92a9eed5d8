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
}

/** Progress of one running job, as the bus carries it: seen by whoever watches now, never stored. */
export interface JobProgress extends Progress {
  readonly service: string
  readonly drop: string | null
  readonly image: string | null
  readonly state: 'started' | 'running' | 'done' | 'failed' | 'waiting'
}

/**
 * Carries facts between services. An implementer delivers each event at least once to every service that
 * subscribed, and refuses invalid events on both ends. Retries, dead letters of failed work, ordering of jobs and
 * progress bookkeeping are the ledger's and the runtime's job, not yours.
 */
export interface Bus extends AsyncDisposable {
  /** Resolves when every event is durable for each of its subscribers. Throws InvalidEvent before anything is sent. */
  publish(envelopes: readonly Envelope[]): Promise<void>
  subscribe(subscription: Subscription): Promise<AsyncDisposable>
  /** Shows progress to those who watch; loses it when nobody does. */
  signal(progress: JobProgress): void
  watch(listener: (progress: JobProgress) => void): Disposable
}
