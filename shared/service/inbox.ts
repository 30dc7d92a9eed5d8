import type { Interest } from '#bus/bus.ts'
import type { EventDefinition } from '#events/define.ts'
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
  readonly name: string
  readonly consumes: readonly EventDefinition[]
  readonly emits: readonly EventDefinition[]
  readonly wakes?: readonly WakingEvent[]
  readonly keyOf?: ((event: Envelope) => string) | null
  readonly abandon?: unknown
}

/** What ends work on a drop is heard by every service, whether it asked for it or not, but not by who said it. */
const endings: readonly EventDefinition[] = (ownEvents as readonly EventDefinition[]).filter((event) => event.endsWork)

/** The inbox of a service. */
export function inboxOf({ name, consumes, emits, wakes = [], keyOf, abandon }: Listener): Inbox {
  const wanted = new Set(consumes.map((event) => event.subject))
  const waking = new Map(wakes.map((one) => [one.event.subject, one]))
  const said = new Set(emits.map((event) => event.subject))
  const heard = new Set(endings.map((event) => event.subject).filter((subject) => !said.has(subject)))
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
