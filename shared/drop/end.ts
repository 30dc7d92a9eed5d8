import { dropUnchanged } from '#events/comparison.ts'
import { say } from '#events/define.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { dropExpired } from '#events/drop-expired.ts'
import type { DropScheduled } from '#events/drop-scheduled.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { contextOf, imagesOf } from './describe.ts'
import type { DropSaid } from './events.ts'
import type { DropState } from './state.ts'

type Ended = DropState & { readonly plan: DropScheduled; readonly end: NonNullable<DropState['end']> }

/** Says once how a drop ended, with its images so far, so that publishers know what to withdraw. */
export function sayEnd(state: Ended): readonly [DropState, readonly DropSaid[]] {
  const { end } = state
  return end.said ? [state, []] : [{ ...state, end: { ...end, said: true } }, [endOf(state)]]
}

function endOf(state: Ended): DropSaid {
  const { plan, end } = state
  if (end.how === 'cancelled') return say(dropCancelled, { drop: plan.drop, by: end.by })
  if (end.how === 'unchanged') return say(dropUnchanged, { ...contextOf(plan), since: end.since })
  const images = imagesOf(state, `the drop was ${end.how} before it was finished`)
  return end.how === 'superseded'
    ? say(dropSuperseded, { ...contextOf(plan), by: end.by, reason: end.reason, images })
    : say(dropExpired, { ...contextOf(plan), keptDays: end.keptDays, keptNewest: end.keptNewest, images })
}
