import { decide } from '../decide.ts'
import type { DropEvent } from '../events.ts'
import { unknownDrop, type DropState } from '../state.ts'

/** The drop that has heard these events. */
export function told(...events: readonly DropEvent[]): DropState {
  return events.reduce((state, event) => decide(state, event).state, unknownDrop)
}
