import type { Interest } from '#bus/bus.ts'
import type { EventDefinition, Speaker } from '#events/define.ts'
import type { Envelope } from '#events/envelope.ts'
import { findEvent, ownEvents } from '#events/index.ts'
import type { Delivery } from '#ledger/ledger.ts'
import type { WakingEvent } from './define.ts'

/** What a service's inbox takes in: what it consumes, what wakes its jobs, and what ends its work. */
export interface Inbox extends Interest {
  /** How the ledger is told of an event. */
  readonly deliveryOf: (envelope: Envelope) => Delivery
}

interface Listener {
  readonly name: Speaker
  readonly consumes: readonly EventDefinition[]
  readonly wakes?: readonly WakingEvent[]
  readonly keyOf?: ((event: Envelope) => string) | null
  readonly abandon?: unknown
}

/** What ends work on a drop is heard by every service, whether it asked for it or not, but not by who said it. */
const endings: readonly EventDefinition[] = (ownEvents as readonly EventDefinition[]).filter((event) => event.endsWork)

/** The inbox of a service. */
export function inboxOf({ name, consumes, wakes = [], keyOf, abandon }: Listener): Inbox {
  const wanted = new Set(consumes.map((event) => event.subject))
  const waking = new Map(wakes.map((one) => [one.event.subject, one]))
  const heard = new Set(endings.filter((event) => !event.saidBy.includes(name)).map((event) => event.subject))
  return {
    service: name,
    subjects: [...wanted.union(new Set(waking.keys())).union(heard)],
    deliveryOf: (envelope) => {
      const isWanted = wanted.has(envelope.subject)
      return {
        envelope,
        wanted: isWanted,
        key: isWanted ? (keyOf?.(envelope) ?? null) : null,
        endsWork: heard.has(envelope.subject) && findEvent(envelope.subject)?.endsWork === true,
        abandons: typeof abandon === 'function',
        wakes: waking.get(envelope.subject)?.keyOf(envelope.body) ?? null,
      }
    },
  }
}
