import type { Qualified } from '../compose/understand.ts'
import { decideCandidate } from './decide-candidate.ts'
import { decideNightly } from './decide-nightly.ts'
import { decideRequest } from './decide-request.ts'
import { ignore, type Circumstances, type StreamDecision } from './schedule.ts'
import type { StreamState } from './state.ts'

/** Says which drop a finished compose gets, if any. */
export function decideCompose(state: StreamState, qualified: Qualified, circumstances: Circumstances): StreamDecision {
  const { compose, candidate } = qualified
  const { request } = circumstances
  // A nightly drop is no obstacle: a person may still want the compose as this week's.
  const own = state.drops.find((one) => one.compose === compose.id && (one.kind !== 'nightly' || request === null))
  if (own) return ignore(state, `${compose.id} already has the drop ${own.drop}`)
  if (candidate) return decideCandidate(state, { ...qualified, candidate }, circumstances)
  return request
    ? decideRequest(state, qualified, { ...circumstances, request })
    : decideNightly(state, qualified, circumstances)
}
