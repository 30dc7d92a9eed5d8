import { z } from 'zod'
import type { Envelope } from '#events/envelope.ts'
import { composeRef, dropKind, imagePlan } from '#events/vocabulary.ts'

const planned = z.looseObject({ image: imagePlan.pick({ preemptible: true }).loose() })

/** How soon a job is taken, and with whose jobs it shares its turn. */
export interface Order {
  /** What is smaller goes first. */
  readonly priority: number
  readonly share: string | null
  /** Whether it may be told to end, and begin again later, when a job of a milestone fits nowhere: the policy says so of its drop. */
  readonly preemptible: boolean
}

/**
 * The order of a job on an event: candidates of a milestone go before weekly drops, those before nightly ones; among drops of one
 * kind, the releases take turns. What is of no drop waits for none.
 */
export function orderOf({ drop, body }: Pick<Envelope, 'drop' | 'body'>): Order {
  if (drop === null) return { priority: 0, share: null, preemptible: false }
  const kinds = dropKind.options
  const kind = kinds.findIndex((one) => drop.startsWith(`${one}-`))
  return {
    priority: kind === -1 ? kinds.length : kind,
    share: releaseOf(body),
    preemptible: kind !== 0 && mayBePreempted(body),
  }
}

function mayBePreempted(body: unknown): boolean {
  return planned.safeParse(body).data?.image.preemptible === true
}

/** Only what is about one image is work of minutes, for which others wait. */
function releaseOf(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('compose' in body && 'image' in body)) return null
  const compose = composeRef.pick({ short: true, version: true }).loose().safeParse(body.compose)
  return compose.success ? `${compose.data.short}-${compose.data.version}` : null
}
