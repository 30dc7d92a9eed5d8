import { decide, type DropDecision } from '../decide.ts'
import type { DropEvent, DropSaid } from '../events.ts'
import { phaseOf } from '../phase.ts'
import { readDropState, unknownDrop } from '../state.ts'
import { ec2, generic, imagePublished, mirrored, passes, scheduled, staged } from './drop-events.ts'

export interface Story extends DropDecision {
  readonly phase: string
}

/** The plan of a drop that waits for a person's blessing. */
export const milestone = scheduled({ kind: 'milestone', milestone: 'Beta', gate: 'person' })

/** All that is said of both images until they have passed. */
export const both = [...passes(generic), ...passes(ec2)]
export const untilStaged = [scheduled(), ...both, staged(generic, ec2)]
export const untilPublished = [...untilStaged, imagePublished(ec2), mirrored(generic, ec2)]

/** Tells a drop some events, each with the state as the ledger would give it back. */
export function given(...events: DropEvent[]): DropDecision {
  return events.reduce<DropDecision>(
    (done, event) => {
      const { state, events, ignored } = decide(readDropState(JSON.parse(JSON.stringify(done.state))), event)
      return { state, events: [...done.events, ...events], ignored }
    },
    { state: unknownDrop, events: [], ignored: null },
  )
}

/** What the last of these events brings after the others. */
export function when(past: DropEvent[], event: DropEvent): Story {
  const decision = decide(given(...past).state, event)
  return { ...decision, phase: phaseOf(decision.state) }
}

/** The first of what was said that has this subject. */
export function find(events: readonly DropSaid[], subject: DropSaid['subject']): DropSaid['body'] | undefined {
  return events.find((event) => event.subject === subject)?.body
}
