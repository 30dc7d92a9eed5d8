import type { Logger } from 'pino'
import type { Progress } from '#bus/bus.ts'
import type { BodyOf, EventDefinition, Said, SaidOf } from '#events/define.ts'
import type { Envelope, EnvelopeOf } from '#events/envelope.ts'
import type { Needs } from '#ledger/needs.ts'
import type { WaitKind } from '#ledger/waiting.ts'

/** What every handler is given besides its event and its dependencies. */
export interface Context {
  /** Aborts when the job is cancelled, its lease is lost, or the process stops. The reason tells which. */
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
  /** Bound to the service, the event and the drop. */
  readonly log: Logger
  readonly now: () => Date
  /** 1 for the first try, and again after a wait. */
  readonly attempt: number
  /** A folder of this job's own, kept over its attempts and removed when the job is finished or waits. */
  readonly workFolder: string
  /** Where the logs of this job's tools go; kept. */
  readonly logFolder: string
}

/** Retry policy of a service, times in milliseconds. */
export interface RetryPolicy {
  readonly attempts: number
  readonly firstDelay: number
  readonly maxDelay: number
}

/** What a handler waits for instead of ending. Meanwhile the job holds nothing but its row in the ledger. */
export interface WaitFor {
  /** Woken by the next event that `wakes` gives this key, or one that came earlier; null: by time only. */
  readonly for: string | null
  /** When to look whatever has come; at the soonest in a second. What never comes is given up by the handler. */
  readonly until: Date
  /** In a few words, the same for all jobs that wait for such a thing: `a Koji task`. */
  readonly reason: string
  /** `planned` for a time that the service has set itself: nobody is told that it takes long. Else somebody else has to get done. */
  readonly kind?: WaitKind
  /** What the next run needs to go on: 64 KiB of JSON at most. */
  readonly state: unknown
}

/** How a wait ended, as the handler finds it when it runs again with the same event. */
export interface Waited<Wakes extends EventDefinition = EventDefinition> {
  readonly state: unknown
  readonly why: { readonly event: EnvelopeOf<Wakes> } | 'time'
  /** Since when it has waited for this, over all the times that it looked in between. */
  readonly since: Date
}

/** An event that wakes jobs, and the key that it wakes; null for one that is of no interest. */
export interface WakingEvent<Event extends EventDefinition = EventDefinition> {
  readonly event: Event
  keyOf(body: BodyOf<Event>): string | null
}

/** What a handler leaves behind, all of it at once. */
export interface Result<Event extends Said = Said> {
  readonly events: readonly Event[]
  /** The new state of its key; without it the old one stays. */
  readonly state?: unknown
  /** The job does not end with this but goes on later. */
  readonly wait?: WaitFor
}

/** A service: what it consumes, does and emits. */
export interface ServiceDefinition<
  Consumes extends EventDefinition = EventDefinition,
  Emits extends EventDefinition = EventDefinition,
  Dependencies = unknown,
  Wakes extends readonly EventDefinition[] = readonly EventDefinition[],
> {
  readonly name: string
  readonly consumes: readonly Consumes[]
  readonly emits: readonly Emits[]
  /** Events that wake jobs that wait; each also when it comes before the wait begins, and each once. */
  readonly wakes?: { readonly [Index in keyof Wakes]: WakingEvent<Wakes[Index]> }
  readonly retry?: Partial<RetryPolicy>
  /**
   * Events that the drop does not depend on, as when people are told what happened to it. A job on one that is given up
   * waits for an operator as any other, but no event says that the drop failed.
   */
  readonly asides?: readonly Consumes[]
  /**
   * Whether there may be anything to do, as the event alone tells: of one that is of no concern no job is made. It says the same each
   * time. Without it, every event is of concern.
   */
  readonly concerns?: (event: EnvelopeOf<Consumes>) => boolean
  /**
   * Events with the same key are handled one after the other; without one they are independent. One whose job waits holds
   * up none: when it is woken, it is the next.
   */
  readonly keyOf?: (event: EnvelopeOf<Consumes>) => string | null
  /**
   * Jobs of one drop with the same are quicker when one of them has ended, or wait for what it makes: one of each is taken first. Only for jobs
   * with needs.
   */
  readonly basisOf?: (event: EnvelopeOf<Consumes>) => string | null
  /** What a job on an event needs of its host, for services whose jobs take much of one. */
  readonly needs?: (event: EnvelopeOf<Consumes>, dependencies: Dependencies) => Needs
  /**
   * From an event to events. An expected failure is an event; a throw is a TransientError (retried), a
   * PermanentError or anything else (quarantined). With `keyOf`, `context.state` is this key's state. A handler that
   * returned `wait` runs again when it is woken, with `context.waited`; a wait is no attempt.
   */
  readonly handle: (
    event: EnvelopeOf<Consumes>,
    dependencies: Dependencies,
    context: Context & { readonly state: unknown; readonly waited?: Waited<Wakes[number]> },
  ) => Promise<readonly SaidOf<Emits>[] | Result<SaidOf<Emits>>>
  /**
   * Cleans up outside when the drop of a job that has begun is cancelled: cancels the remote task. `waited` is absent
   * when the job has never waited: look up what it may have begun. May run several times; retried and quarantined as
   * `handle` is.
   */
  readonly abandon?: (
    event: EnvelopeOf<Consumes>,
    dependencies: Dependencies,
    context: Context & { readonly waited?: Waited<Wakes[number]> },
  ) => Promise<void>
}

/** Declares a service; returning an event that is not in `emits` does not compile. */
export function defineService<
  const Consumes extends EventDefinition,
  const Emits extends EventDefinition,
  Dependencies,
  const Wakes extends readonly EventDefinition[] = readonly [],
>(
  definition: ServiceDefinition<Consumes, Emits, Dependencies, Wakes>,
): ServiceDefinition<Consumes, Emits, Dependencies, Wakes> {
  return definition
}

/** A service with its dependencies bound: what the runtime runs. */
export interface BoundService {
  readonly name: string
  readonly consumes: readonly EventDefinition[]
  readonly emits: readonly EventDefinition[]
  readonly wakes: readonly WakingEvent[]
  readonly retry: RetryPolicy
  readonly asides: readonly EventDefinition[]
  readonly concurrency: number
  readonly concerns: ((event: Envelope) => boolean) | null
  readonly keyOf: ((event: Envelope) => string | null) | null
  readonly basisOf: ((event: Envelope) => string | null) | null
  /** Null when its jobs need nothing worth counting: they are taken whatever else runs on the host. */
  readonly needs: ((event: Envelope) => Needs) | null
  readonly handle: (
    event: Envelope,
    context: Context & { readonly state: unknown; readonly waited?: Waited },
  ) => Promise<Result>
  readonly abandon: ((event: Envelope, context: Context & { readonly waited?: Waited }) => Promise<void>) | null
}
