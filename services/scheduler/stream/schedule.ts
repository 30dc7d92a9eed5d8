import { say, type SaidOf } from '#events/define.ts'
import { dropScheduled } from '#events/drop-scheduled.ts'
import type { dropExpiryReached } from '#events/cadence.ts'
import { supersessionRequested } from '#events/operator.ts'
import type { DropKind } from '#events/vocabulary.ts'
import type { Qualified } from '../compose/understand.ts'
import type { Policy } from '../policy/policy.ts'
import { onlyIfChanged } from './only-if-changed.ts'
import { planDrop } from './plan-drop.ts'
import type { DropRecord, StreamState } from './state.ts'

/** More than two years of weekly drops and a year of nightly ones: what is older cannot come again. */
const keptRecords = 500

export type StreamEvent = SaidOf<typeof dropScheduled | typeof supersessionRequested | typeof dropExpiryReached>

/** What becomes of a stream: its next state, what to say, and why a compose gets no drop when it gets none. */
export interface StreamDecision {
  readonly state: StreamState
  readonly events: readonly StreamEvent[]
  readonly ignored: string | null
}

/** What decides besides the compose: the policy, the time, and what a person asked for, if one did. */
export interface Circumstances {
  readonly policy: Policy
  readonly now: Date
  readonly request: { readonly images: readonly string[] | null } | null
}

interface ScheduleOptions {
  readonly kind: DropKind
  readonly images: readonly string[] | null
  /** The drop that the new one takes the place of. */
  readonly replaces: DropRecord | null
  /** A person wants it. */
  readonly isRequested?: boolean
  readonly policy: Policy
  readonly now: Date
}

/** Gives a compose its drop, and asks for the withdrawal of the one that it replaces. */
export function schedule(state: StreamState, qualified: Qualified, options: ScheduleOptions): StreamDecision {
  const { kind, images, replaces, isRequested = false, policy, now } = options
  const planned = planDrop(qualified, { kind, images, supersedes: replaces?.drop ?? null }, policy)
  const isWanted = isRequested || replaces !== null
  const condition = onlyIfChanged(planned, { drops: state.drops, unchanged: policy.unchanged, isWanted })
  const plan = { ...planned, ...(condition && { onlyIfChanged: condition }) }
  const { compose, candidate } = qualified
  const record: DropRecord = {
    drop: plan.drop,
    kind,
    milestone: plan.milestone,
    compose: compose.id,
    date: compose.date,
    respin: compose.respin,
    label: candidate && { version: candidate.version, respin: candidate.respin },
    scheduledAt: now.toISOString(),
    told: 'nothing',
    standing: 'closed',
  }
  const withdrawal = replaces ? [say(supersessionRequested, { drop: replaces.drop, by: plan.drop })] : []
  return {
    state: { ...state, drops: [...state.drops, record].slice(-keptRecords) },
    events: [say(dropScheduled, plan), ...withdrawal],
    ignored: null,
  }
}

/** Leaves a stream as it is, for a reason. */
export function ignore(state: StreamState, reason: string): StreamDecision {
  return { state, events: [], ignored: reason }
}
