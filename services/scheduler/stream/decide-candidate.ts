import type { Qualified } from '../compose/understand.ts'
import { compareAge } from './age.ts'
import { ignore, schedule, type Circumstances, type StreamDecision } from './schedule.ts'
import type { DropRecord, StreamState } from './state.ts'

type Candidate = Qualified & { readonly candidate: NonNullable<Qualified['candidate']> }

/**
 * A candidate of a milestone gets a drop at once. One of the same milestone and number is its respin: Beta-1.3 replaces
 * Beta-1.2, and stands beside Beta-2.1.
 */
export function decideCandidate(
  state: StreamState,
  qualified: Candidate,
  { policy, now, request }: Circumstances,
): StreamDecision {
  const { compose, candidate } = qualified
  const latest = state.drops
    .filter((one) => one.milestone === candidate.milestone && one.label?.version === candidate.version)
    .toSorted((one, other) => compareCandidates(one, other))
    .at(-1)
  const own = { date: compose.date, respin: compose.respin, label: candidate }
  if (latest && compareCandidates(own, latest) <= 0) {
    return ignore(
      state,
      `${compose.id} (${compose.label ?? ''}) is older than ${latest.compose}, which has the drop ${latest.drop}`,
    )
  }
  return schedule(state, qualified, {
    kind: 'milestone',
    images: request?.images ?? null,
    replaces: latest ?? null,
    policy,
    now,
  })
}

type Comparable = Pick<DropRecord, 'date' | 'respin'> & { readonly label: { readonly respin: number } | null }

function compareCandidates(one: Comparable, other: Comparable): number {
  return (one.label?.respin ?? 0) - (other.label?.respin ?? 0) || compareAge(one, other)
}
