import type { Envelope } from '#events/envelope.ts'
import type { Needs } from './needs.ts'

/** An event on its way into a service's inbox. */
export interface Delivery {
  readonly envelope: Envelope
  /** Jobs of one service with the same key run one after the other, in order of arrival. */
  readonly key: string | null
  /** False for an event that only ends work and asks for none. */
  readonly wanted: boolean
  /** Ends the service's other work on the drop. */
  readonly endsWork: boolean
  /** For an ending: the service cleans up after jobs that have begun, so they are leased once more, not just ended. */
  readonly abandons?: boolean
  /** What the job needs of its host. */
  readonly needs?: Needs
  /** Jobs with a smaller one are taken first; 0 without it. */
  readonly priority?: number
  /** Jobs of one priority that have this in common share what there is alike with those that have another. */
  readonly share?: string | null
  /**
   * The ways that the work on its image takes from here on, as names of services, ours first. Of one priority and turn, the job with
   * the longest way is taken first, by what its services took for such images before.
   */
  readonly paths?: readonly (readonly string[])[]
  /** Jobs of one drop that have this in common use what the first of them makes: one of each goes before the others. */
  readonly basis?: string | null
  /** Whether the job may be told to end and begin again later, for one of the first priority that fits nowhere. */
  readonly preemptible?: boolean
  /** Wakes the jobs of the service that wait for this key, now or later. */
  readonly wakes?: string | null
}
