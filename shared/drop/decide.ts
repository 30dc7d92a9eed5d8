import type { DropScheduled } from '#events/drop-scheduled.ts'
import { advance } from './advance.ts'
import { isDropRequest, isImageWord, type DropEvent, type DropSaid } from './events.ts'
import { hearRequest, isRespin } from './hear-request.ts'
import { hearDropWord, hearImageWord, whyStagedInVain } from './hear-word.ts'
import { phaseOf } from './phase.ts'
import type { DropState } from './state.ts'

/** What becomes of a drop: its next state, what to say, and why an event changed nothing when it did not. */
export interface DropDecision {
  readonly state: DropState
  readonly events: readonly DropSaid[]
  readonly ignored: string | null
}

/**
 * The state machine of a drop. It takes in what happened and says what follows, each thing once; events may come late,
 * twice and in any order.
 */
export function decide(state: DropState, event: DropEvent): DropDecision {
  const { subject, time, body } = event
  if (event.subject === 'drop.scheduled.v1') return open(state, event.body)
  if (state.plan === null && canBeEarly(event)) {
    return {
      state: { ...state, early: [...state.early, { subject, time, body }] },
      events: [],
      ignored: 'the drop has no plan yet',
    }
  }
  const heard = hear(state, event)
  if (typeof heard === 'string') return { state, events: [], ignored: heard }
  const [next, events] = advance(heard)
  return { state: next, events, ignored: subject === 'drop.staged.v1' ? whyStagedInVain(next) : null }
}

/** Starts a drop, and makes up for what was heard before. */
function open(state: DropState, plan: DropScheduled): DropDecision {
  if (state.plan !== null) return { state, events: [], ignored: `${plan.drop} is scheduled already` }
  const [opened, said] = advance({ ...state, plan, early: [] })
  return state.early.reduce<DropDecision>(
    (done, event) => {
      const { state: next, events } = decide(done.state, event as DropEvent)
      return { state: next, events: [...done.events, ...events], ignored: null }
    },
    { state: opened, events: said, ignored: null },
  )
}

/** A person's request for an unknown drop is a mistake; anything else may have overtaken the plan. */
function canBeEarly(event: DropEvent): boolean {
  if (event.subject === 'drop.supersession.requested.v1') return isRespin(event.body.by)
  return !isDropRequest(event) || event.subject === 'drop.expiry.reached.v1'
}

function hear(state: DropState, event: Exclude<DropEvent, { subject: 'drop.scheduled.v1' }>): DropState | string {
  if (isDropRequest(event)) return hearRequest(state, event)
  const phase = phaseOf(state)
  if (phase === 'superseded' || phase === 'expired') return `${event.body.drop} is ${phase}`
  return isImageWord(event) ? hearImageWord(state, event) : hearDropWord(state, event)
}
