import { dropExpiryReached } from '#events/cadence.ts'
import { say } from '#events/define.ts'
import { findDistribution } from '../policy/find-distribution.ts'
import type { Policy } from '../policy/policy.ts'
import { weeklyOf, weeklySlot } from './cadence.ts'
import { decideRetention, type Retained } from './decide-retention.ts'
import { isDue } from './decide-nightly.ts'
import { ignore, schedule, type StreamDecision, type StreamEvent } from './schedule.ts'
import type { DropRecord, StreamState } from './state.ts'

/** What time alone brings: the week's drop from the newest finished nightly, and the end of drops that are old. */
export function decideCadence(state: StreamState, { policy, now }: { policy: Policy; now: Date }): StreamDecision {
  const weekly = decideWeekly(state, policy, now)
  const decided = decideRetention(weekly.state.drops, { retention: policy.retention, now })
  const goes = new Map(decided.map((one) => [one.drop, one.goes]))
  const expired = weekly.state.drops.map((drop) => expire(drop, goes.get(drop) ?? null))
  return {
    state: { ...weekly.state, drops: expired.map(([drop]) => drop) },
    events: [...weekly.events, ...expired.flatMap(([, events]) => events)],
    ignored: weekly.ignored,
  }
}

function decideWeekly(state: StreamState, policy: Policy, now: Date): StreamDecision {
  const { newest } = state
  if (newest === null) return ignore(state, 'no nightly compose of the stream has finished yet')
  const { compose, missing } = newest
  const distribution = findDistribution(compose, policy)
  if (!distribution?.weekly)
    return ignore(state, `the policy wants no weekly drop of ${compose.short} ${compose.version}`)
  const slot = weeklySlot(now, weeklyOf(distribution, policy)).toISOString()
  if (!isDue(state, slot)) return ignore(state, `the week from ${slot} has its drop`)
  if (state.drops.some((one) => one.kind === 'weekly' && one.compose === compose.id)) {
    return ignore(state, `no nightly compose has finished since ${compose.id}`)
  }
  return schedule(
    { ...state, served: slot },
    { compose, missing, distribution, candidate: null },
    { kind: 'weekly', images: null, replaces: null, policy, now },
  )
}

function expire(drop: DropRecord, goes: Retained['goes']): [DropRecord, StreamEvent[]] {
  if (goes === null) return [drop, []]
  const told = goes.onlyUnblessed ? 'unblessed' : 'expired'
  return [{ ...drop, told }, [say(dropExpiryReached, { drop: drop.drop, ...goes })]]
}
