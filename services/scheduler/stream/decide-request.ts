import type { Qualified } from '../compose/understand.ts'
import { compareAge } from './age.ts'
import { weeklyOf, weeklySlot } from './cadence.ts'
import { latest } from './decide-nightly.ts'
import { ignore, schedule, type Circumstances, type StreamDecision } from './schedule.ts'
import type { StreamState } from './state.ts'

/** A person wants a nightly compose dropped now, whatever the cadence says: it counts as this week's drop. */
export function decideRequest(
  state: StreamState,
  qualified: Qualified,
  { policy, now, request }: Circumstances & { readonly request: NonNullable<Circumstances['request']> },
): StreamDecision {
  const { compose, distribution, missing } = qualified
  const sameDay = state.drops.findLast((one) => one.kind === 'weekly' && one.date === compose.date) ?? null
  if (sameDay && compareAge(compose, sameDay) < 0) {
    return ignore(state, `${compose.id} is an older respin than ${sameDay.compose}, which has the drop ${sameDay.drop}`)
  }
  const isNewest = state.newest === null || compareAge(compose, state.newest.compose) > 0
  const slot = weeklySlot(now, weeklyOf(distribution, policy)).toISOString()
  return schedule(
    {
      ...state,
      newest: isNewest ? { compose, missing: [...missing] } : state.newest,
      served: latest(state.served, slot),
    },
    qualified,
    { kind: 'weekly', images: request.images, replaces: sameDay, isRequested: true, policy, now },
  )
}
