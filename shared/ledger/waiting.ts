import type { Envelope } from '#events/envelope.ts'

/** Whether somebody else has to get done, or a service has set itself a time, so that nobody is late. */
export type WaitKind = 'others' | 'planned'

/** What a job waits for. */
export interface Waiting {
  /** In a few words, the same for all jobs that wait for such a thing: `a Koji task`. */
  readonly reason: string
  readonly kind: WaitKind
  /** The key of the events that wake it; null when only time does. */
  readonly for: string | null
  /** Since when it has waited for this, over all the times that it was woken in between. */
  readonly since: Date
  /** When it is woken if nothing else does; in the past once it was woken and nobody has leased it yet. */
  readonly until: Date
}

/** How a job's last wait ended, and what it had kept for itself. */
export interface Waited {
  readonly state: unknown
  readonly why: { readonly event: Envelope } | 'time'
  readonly since: Date
}
