import { checkOutgoing, parseIncoming } from '#events/parse.ts'
import type { Envelope } from '#events/envelope.ts'
import type { Bus, JobProgress, Subscription } from '../bus.ts'

/**
 * The bus within one process. It keeps nothing itself: an event counts as published when every subscriber has it
 * durably, and until then it is still in the publisher's outbox.
 */
export function createMemoryBus(): Bus {
  const services = new Map<string, Subscription[]>()
  const watchers = new Set<(progress: JobProgress) => void>()
  let published = 0
  let delivered = 0
  let refused = 0

  async function deliver(competing: Subscription[], envelopes: readonly Envelope[]): Promise<void> {
    const subscription = competing.shift()
    if (!subscription) return
    // To the back of the row: those who compete take turns.
    competing.push(subscription)
    const wanted = envelopes
      .filter((envelope) => subscription.subjects.includes(envelope.subject))
      .flatMap((envelope) => admitted(subscription, parseIncoming(envelope)))
    if (wanted.length === 0) return
    await subscription.deliver(wanted)
    delivered += wanted.length
  }

  /** There are no dead letters in here: what is not to be believed is gone. */
  function admitted({ admit }: Subscription, envelope: Envelope): Envelope[] {
    try {
      return [admit?.(envelope) ?? envelope]
    } catch {
      refused += 1
      return []
    }
  }

  return {
    // Whoever listens is in this process, and subscribes before anything is published.
    prepare: () => Promise.resolve(),
    async publish(envelopes) {
      envelopes.forEach(checkOutgoing)
      await Promise.all([...services.values()].map((competing) => deliver(competing, envelopes)))
      published += envelopes.length
    },
    subscribe(subscription) {
      const competing = services.get(subscription.service) ?? []
      services.set(subscription.service, competing)
      competing.push(subscription)
      return Promise.resolve({
        [Symbol.asyncDispose]() {
          competing.splice(competing.indexOf(subscription), 1)
          return Promise.resolve()
        },
      })
    },
    signal(progress) {
      for (const watcher of watchers) watcher(progress)
    },
    watch(listener) {
      watchers.add(listener)
      return { [Symbol.dispose]: () => void watchers.delete(listener) }
    },
    state: () => ({
      connected: true,
      detail: '',
      published,
      delivered,
      redelivered: 0,
      refused,
      bytesIn: 0,
      bytesOut: 0,
    }),
    account: null,
    givenUp: new AbortController().signal,
    [Symbol.asyncDispose]() {
      services.clear()
      watchers.clear()
      return Promise.resolve()
    },
  }
}
