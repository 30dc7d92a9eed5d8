import type { Qualified } from '../compose/understand.ts'
import { compareAge } from './age.ts'
import { weeklyOf, weeklySlot } from './cadence.ts'
import { ignore, schedule, type Circumstances, type StreamDecision } from './schedule.ts'
import type { DropRecord, StreamState } from './state.ts'

/**
 * A nightly compose becomes this week's drop when the week has none yet, or replaces it as a respin of the same day;
 * else it becomes a nightly drop where the policy wants those, and is remembered for the next week.
 */
export function decideNightly(
  state: StreamState,
  qualified: Qualified,
  { policy, now }: Omit<Circumstances, 'request'>,
): StreamDecision {
  const { compose, distribution, missing } = qualified
  const newer = newestOf(state, compose)
  if (newer !== null) return ignore(state, newer)
  const slot = weeklySlot(now, weeklyOf(distribution, policy)).toISOString()
  const known = { ...state, newest: { compose, missing: [...missing] } }
  const sameDay = (kind: DropRecord['kind']) =>
    state.drops.findLast((one) => one.kind === kind && one.date === compose.date) ?? null
  const options = { images: null, policy, now }

  const weekly = sameDay('weekly')
  if (distribution.weekly && (weekly !== null || isDue(state, slot))) {
    return schedule({ ...known, served: latest(state.served, weekly ? null : slot) }, qualified, {
      ...options,
      kind: 'weekly',
      replaces: weekly,
    })
  }
  if (distribution.nightly) {
    return schedule(known, qualified, { ...options, kind: 'nightly', replaces: sameDay('nightly') })
  }
  return ignore(known, whyNone(state, qualified))
}

/** Whether the weekly drop of a slot is still to be made. */
export function isDue({ served }: StreamState, slot: string): boolean {
  return served === null || served < slot
}

/** The later of two slots. */
export function latest(one: string | null, other: string | null): string | null {
  return (
    [one, other]
      .filter((slot) => slot !== null)
      .toSorted()
      .at(-1) ?? null
  )
}

function newestOf({ newest }: StreamState, compose: Qualified['compose']): string | null {
  if (newest === null) return null
  const age = compareAge(compose, newest.compose)
  if (age > 0) return null
  if (compose.id === newest.compose.id) return `${compose.id} is known already as the newest of its stream`
  const how = compose.date === newest.compose.date ? 'an older respin' : 'older'
  return `${compose.id} is ${how} than ${newest.compose.id}, the newest of its stream`
}

function whyNone({ drops }: StreamState, { compose, distribution }: Qualified): string {
  if (!distribution.weekly) return `${compose.id}: the policy wants no scratch drops of ${distribution.stream}`
  const weekly = drops.findLast((one) => one.kind === 'weekly')
  return `${compose.id} waits for the next week; this week of ${distribution.stream} has the drop ${weekly?.drop ?? ''}`
}
