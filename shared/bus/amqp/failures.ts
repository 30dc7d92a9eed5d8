import type { Envelope } from '#events/envelope.ts'

/** One event that the broker has given us and waits to hear about. */
export interface Delivery {
  readonly envelope: Envelope
  readonly tag: number
  /** How often the broker has had it back already. */
  readonly returns: number
}

/** One event that could not be kept so far. */
export interface Failing {
  readonly delivery: Delivery
  readonly since: number
  /** Failures for which there was proof that others work: something did since the failure before. */
  proven: number
  /** How many deliveries had worked at the last failure. */
  workedBefore: number
  error: unknown
}

/** Which events fail, and whether that is their own fault. */
export interface Failures {
  readonly deliveries: readonly Delivery[]
  readonly oldest: Failing | undefined
  /** How many deliveries have worked so far. */
  readonly worked: number
  failed(delivery: Delivery, error: unknown): void
  /** These have worked. */
  workedFor(deliveries: readonly Delivery[]): void
  /** Those that failed often enough by their own fault; they are no longer among the failing. */
  takeGuilty(): Failing[]
}

/**
 * Only such failures of an event count between which others work: an outage of the ledger, however long, condemns
 * nobody, and neither does the moment in which it begins or ends.
 */
export function recordFailures(limit: number): Failures {
  let failing: Failing[] = []
  let worked = 0

  function isGuilty({ delivery, proven }: Failing): boolean {
    return proven > 0 && proven + delivery.returns >= limit
  }

  return {
    get deliveries() {
      return failing.map(({ delivery }) => delivery)
    },
    get oldest() {
      return failing[0]
    },
    get worked() {
      return worked
    },
    failed(delivery, error) {
      const known = failing.find((one) => one.delivery === delivery)
      if (!known) {
        failing.push({ delivery, since: performance.now(), proven: 0, workedBefore: worked, error })
        return
      }
      if (worked > known.workedBefore) known.proven += 1
      Object.assign(known, { workedBefore: worked, error })
    },
    workedFor(deliveries) {
      worked += 1
      if (failing.length > 0) failing = failing.filter(({ delivery }) => !deliveries.includes(delivery))
    },
    takeGuilty() {
      const guilty = failing.filter(isGuilty)
      failing = failing.filter((one) => !isGuilty(one))
      return guilty
    },
  }
}
