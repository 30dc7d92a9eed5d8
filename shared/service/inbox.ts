import type { Interest } from '#bus/bus.ts'
import type { EventDefinition } from '#events/define.ts'
import type { Envelope } from '#events/envelope.ts'
import { findEvent, ownEvents } from '#events/index.ts'
import type { Delivery } from '#ledger/delivery.ts'
import type { Needs } from '#ledger/needs.ts'
import type { WakingEvent } from './define.ts'
import { orderOf } from './order.ts'
import { pathsFrom, type Linked } from './paths.ts'

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
}

interface Worker extends Listener {
  readonly concerns?: ((event: Envelope) => boolean) | null
  readonly keyOf?: ((event: Envelope) => string | null) | null
  readonly basisOf?: ((event: Envelope) => string | null) | null
  readonly needs?: ((event: Envelope) => Needs) | null
  readonly abandon?: unknown
}

/** What ends work on a drop is heard by every service, whether it asked for it or not, but not by who said it. */
const endings: readonly EventDefinition[] = (ownEvents as readonly EventDefinition[]).filter((event) => event.endsWork)

/** What a service's inbox takes in, as its declaration alone tells. */
export function interestOf(service: Listener): Interest {
  const { wanted, waking, heard } = readListener(service)
  return { service: service.name, subjects: [...wanted.union(new Set(waking.keys())).union(heard)] }
}

/** The inbox of a service; `services` are all that there are, for what comes after it. */
export function inboxOf(service: Worker, services: readonly Linked[]): Inbox {
  const { concerns, keyOf, basisOf, needs, abandon } = service
  const paths = pathsFrom(service, services)
  const { wanted, waking, heard } = readListener(service)
  return {
    ...interestOf(service),
    deliveryOf: (envelope) => {
      const isWanted = wanted.has(envelope.subject) && (concerns?.(envelope) ?? true)
      const { priority, share, preemptible } = orderOf(envelope)
      return {
        envelope,
        wanted: isWanted,
        key: isWanted ? (keyOf?.(envelope) ?? null) : null,
        priority,
        // Short jobs need not take turns.
        ...(isWanted && needs
          ? { needs: needs(envelope), share, paths, basis: basisOf?.(envelope) ?? null, preemptible }
          : {}),
        endsWork: heard.has(envelope.subject) && findEvent(envelope.subject)?.endsWork === true,
        abandons: typeof abandon === 'function',
        wakes: waking.get(envelope.subject)?.keyOf(envelope.body) ?? null,
      }
    },
  }
}

function readListener({ consumes, emits, wakes = [] }: Listener) {
  const said = new Set(emits.map((event) => event.subject))
  return {
    wanted: new Set(consumes.map((event) => event.subject)),
    waking: new Map(wakes.map((one) => [one.event.subject, one])),
    heard: new Set(endings.map((event) => event.subject).filter((subject) => !said.has(subject))),
  }
}
