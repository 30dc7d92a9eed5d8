import { foreignEvents } from '#events/index.ts'
import { isOperatorRequest } from '#events/operator.ts'
import type { OutboxRow } from '#ledger/ledger.ts'
import type { BoundService } from './define.ts'

/** What the services of one process say, and so what this process may send. */
export interface Outlet {
  readonly services: readonly string[]
  /** On which subjects a row is theirs to deal with when it names no service: a request, or an older version's word. */
  readonly subjects: readonly string[]
  /** Whether one of them takes in what operators ask. */
  readonly hearsRequests: boolean
  /** Whether one of them has said it; else it is a request, which goes straight into the inbox of who hears it. */
  readonly isOurs: (row: OutboxRow) => boolean
}

const foreign = new Set<string>(foreignEvents.map(({ subject }) => subject))

/** `account` is the one that the ledger knows this process by. */
export function outletOf(services: readonly BoundService[], account: string): Outlet {
  const said = new Set(services.flatMap(({ emits }) => emits.map(({ subject }) => subject)))
  const heard = services.flatMap(({ consumes }) => consumes.map(({ subject }) => subject))
  const asked = heard.filter((subject) => isOperatorRequest(subject) || foreign.has(subject))
  return {
    services: services.map(({ name }) => name),
    subjects: [...said.union(new Set(asked))],
    hearsRequests: asked.length > 0,
    isOurs({ service, envelope: { subject, sender } }) {
      if (service !== null) return said.has(subject)
      // The version before named no service. Whoever has our own account could have written in our name as well.
      return said.has(subject) && !isOperatorRequest(subject) && (sender === null || sender === account)
    },
  }
}
