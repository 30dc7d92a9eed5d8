import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Envelope } from '#events/envelope.ts'
import { trackFailures, type Delivery } from './failures.ts'
import { pause, type Backoff } from './options.ts'

export interface BatchesOptions {
  readonly deliver: (envelopes: readonly Envelope[]) => Promise<void>
  /** These are durable. With `all`, nothing that was delivered before the last of them is still unacknowledged. */
  readonly acknowledge: (deliveries: readonly Delivery[], all: boolean) => void
  /** This one has used up its tries, while others worked. */
  readonly deadLetter: (delivery: Delivery, error: unknown) => void
  /** Nothing has worked for `requeueAfter` milliseconds: all that is unacknowledged is for other consumers. */
  readonly requeue: (error: unknown) => void
  readonly requeueAfter: number
  readonly deliveryLimit: number
  readonly retry: Backoff
  readonly random: () => number
}

/** Deliveries on their way to a subscription, in batches, with retries. */
export interface Batches {
  add(delivery: Delivery): void
  /** Resolves when everything added is acknowledged, or at its first failure; nothing is tried after that. */
  drain(): Promise<void>
  /** The deliveries are void: what is being delivered ends, and nothing more begins. */
  stop(): void
}

/**
 * Events go in batches of what is there. After a failure they go one by one, with pauses, and those that fail hold up
 * no others as long as anything works.
 */
export function createBatches(options: BatchesOptions): Batches {
  const fresh: Delivery[] = []
  const failures = trackFailures(options.deliveryLimit)
  /** Whether anything worked in the last round. */
  let works = true
  let rounds = 0
  let timer: NodeJS.Timeout | null = null
  let due = 0
  let running: Promise<void> | null = null
  let stopped = false
  let draining = false

  function wake(): void {
    if (stopped || running) return
    // What arrives in one turn goes as one batch.
    running = nextTurn()
      .then(work)
      .finally(() => {
        running = null
        if (mayGo()) wake()
      })
  }

  function mayGo(): boolean {
    if (stopped || (draining && failures.oldest)) return false
    if (timer !== null) return fresh.length > 0 && works
    return fresh.length > 0 || failures.oldest !== undefined
  }

  async function work(): Promise<void> {
    while (mayGo()) {
      // Where nothing works, those that came later wait behind.
      if (timer === null && failures.oldest) await round([...failures.deliveries, ...(works ? [] : fresh.splice(0))])
      else await batch(fresh.splice(0))
    }
  }

  async function batch(deliveries: readonly Delivery[]): Promise<void> {
    // An event that was redelivered more than once may be one that crashes the process that handles it. Each of those is
    // tried alone, in random order, so that it does not use up the tries of the same other events at each crash.
    const suspects = deliveries.filter(({ returns }) => returns > 1)
    const others = deliveries.filter(({ returns }) => returns <= 1)
    const isAll = suspects.length === 0 && !failures.oldest
    if (others.length === 1 || (others.length > 1 && !(await tryTogether(others, isAll)))) await round(others)
    if (suspects.length > 0) await round(shuffled(suspects, options.random))
  }

  async function tryTogether(deliveries: readonly Delivery[], isAll: boolean): Promise<boolean> {
    try {
      await options.deliver(deliveries.map(({ envelope }) => envelope))
    } catch {
      // Which of them it was, and why, the tries one by one will tell.
      return false
    }
    works = true
    failures.workedFor(deliveries)
    options.acknowledge(deliveries, isAll)
    return true
  }

  async function round(deliveries: readonly Delivery[]): Promise<void> {
    const workedBefore = failures.worked
    for (const delivery of deliveries) {
      if (stopped) return
      try {
        await options.deliver([delivery.envelope])
        failures.workedFor([delivery])
        options.acknowledge([delivery], false)
      } catch (error) {
        failures.failed(delivery, error)
      }
    }
    works = failures.worked > workedBefore
    endRound()
  }

  function endRound(): void {
    for (const { delivery, error } of failures.takeExhausted()) options.deadLetter(delivery, error)
    const { oldest } = failures
    if (!oldest || stopped) {
      rounds = 0
    } else if (!works && performance.now() - oldest.since > options.requeueAfter) {
      stopped = true
      options.requeue(oldest.error)
    } else if (timer === null) {
      // Others that come meanwhile do not put the next try off.
      rounds += 1
      nextRoundIn(pause(options.retry, rounds, options.random))
    }
  }

  function nextRoundIn(time: number): void {
    if (timer) clearTimeout(timer)
    due = performance.now() + time
    timer = setTimeout(() => {
      timer = null
      wake()
    }, time)
  }

  /** What comes while nothing works may be what works: it waits behind the others, but not for a long pause. */
  function hurry(): void {
    const soon = options.retry.firstDelay * 5
    if (timer && !works && !stopped && due - performance.now() > soon) nextRoundIn(soon)
  }

  return {
    add(delivery) {
      fresh.push(delivery)
      if (mayGo()) wake()
      else hurry()
    },
    async drain() {
      draining = true
      // What runs may wake what comes next.
      for (let round = running; round !== null; round = running) await round
    },
    stop() {
      stopped = true
      if (timer) clearTimeout(timer)
    },
  }
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, place: random() }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ item }) => item)
}
