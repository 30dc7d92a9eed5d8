import type { Logger } from 'pino'
import type { Progress } from '#bus/bus.ts'
import type { EventDefinition, Said, SaidOf } from '#events/define.ts'
import type { Envelope, EnvelopeOf } from '#events/envelope.ts'

/** What every handler is given besides its event and its dependencies. */
export interface Context {
  /** Aborts when the job is cancelled, its lease is lost, or the process stops. The reason tells which. */
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
  /** Bound to the service, the event and the drop. */
  readonly log: Logger
  readonly now: () => Date
  /** 1 for the first try. */
  readonly attempt: number
  /** A folder of this job's own, kept over its attempts and removed when the job is finished. */
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

/** A service: what it consumes, does and emits. */
export interface ServiceDefinition<
  Consumes extends EventDefinition = EventDefinition,
  Emits extends EventDefinition = EventDefinition,
  Dependencies = unknown,
> {
  readonly name: string
  readonly consumes: readonly Consumes[]
  readonly emits: readonly Emits[]
  readonly retry?: Partial<RetryPolicy>
  /** Events with the same key are handled one after the other; without it all are independent. */
  readonly keyOf?: (event: EnvelopeOf<Consumes>) => string
  /**
   * From an event to events. An expected failure is an event; a throw is a TransientError (retried), a
   * PermanentError or anything else (quarantined). With `keyOf`, `context.state` is this key's state.
   */
  readonly handle: (
    event: EnvelopeOf<Consumes>,
    dependencies: Dependencies,
    context: Context & { readonly state: unknown },
  ) => Promise<readonly SaidOf<Emits>[] | { readonly events: readonly SaidOf<Emits>[]; readonly state: unknown }>
}

/** Declares a service; returning an event that is not in `emits` does not compile. */
export function defineService<
  const Consumes extends EventDefinition,
  const Emits extends EventDefinition,
  Dependencies,
>(definition: ServiceDefinition<Consumes, Emits, Dependencies>): ServiceDefinition<Consumes, Emits, Dependencies> {
  return definition
}

/** A service with its dependencies bound: what the runtime runs. */
export interface BoundService {
  readonly name: string
  readonly consumes: readonly EventDefinition[]
  readonly emits: readonly EventDefinition[]
  readonly retry: RetryPolicy
  readonly concurrency: number
  readonly keyOf: ((event: Envelope) => string) | null
  readonly handle: (
    event: Envelope,
    context: Context & { readonly state: unknown },
  ) => Promise<{ readonly events: readonly Said[]; readonly state?: unknown }>
}
