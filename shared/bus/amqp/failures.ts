import type { Envelope } from '#events/envelope.ts'

/** One event that the broker has delivered and that is not acknowledged yet. */
export interface Delivery {
  readonly envelope: Envelope
  readonly tag: number
  /** How often it was returned to the broker before, by a consumer that requeued it or ended. */
  readonly returns: number
}

/** One event that could not be kept so far. */
export interface Failing {
  readonly delivery: Delivery
  readonly since: number
  /** Failures that count towards the limit: another event had worked since the failure before. */
  counted: number
  /** How many deliveries had worked at the last failure. */
  workedBefore: number
  error: unknown
}

/** Which events fail, and which of them have used up their tries. */
export interface Failures {
  readonly deliveries: readonly Delivery[]
  readonly oldest: Failing | undefined
  /** How many deliveries have worked so far. */
  readonly worked: number
  failed(delivery: Delivery, error: unknown): void
  /** These have worked. */
  workedFor(deliveries: readonly Delivery[]): void
  /** Removes and returns those that have used up their tries. */
  takeExhausted(): Failing[]
}

/**
 * A failure counts only when another event has worked since the one before: an outage of the ledger, however long, uses up
 * nobody's tries, and neither does the moment in which it begins or ends.
 */
export function trackFailures(limit: number): Failures {
  let failing: Failing[] = []
  let worked = 0

  function isExhausted({ delivery, counted }: Failing): boolean {
    return counted > 0 && counted + delivery.returns >= limit
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
        failing.push({ delivery, since: performance.now(), counted: 0, workedBefore: worked, error })
        return
      }
      if (worked > known.workedBefore) known.counted += 1
      Object.assign(known, { workedBefore: worked, error })
    },
    workedFor(deliveries) {
      worked += 1
      if (failing.length > 0) failing = failing.filter(({ delivery }) => !deliveries.includes(delivery))
    },
    takeExhausted() {
      const exhausted = failing.filter(isExhausted)
      failing = failing.filter((one) => !isExhausted(one))
      return exhausted
    },
  }
}
