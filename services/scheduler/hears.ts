import { cadenceReached, dropExpiryReached, streamOpened } from '#events/cadence.ts'
import { calendarChanged, dropOverdue } from '#events/calendar.ts'
import { branchedComposed, composeStatusChanged, rawhideComposed } from '#events/compose.ts'
import type { SaidOf } from '#events/define.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropPublished } from '#events/drop-published.ts'
import { dropScheduled } from '#events/drop-scheduled.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import type { EnvelopeOf } from '#events/envelope.ts'
import { dropRequested, supersessionRequested } from '#events/operator.ts'
import { heardByDrop, saidByDrop } from '#drop/events.ts'

const composeMessages = [composeStatusChanged, rawhideComposed, branchedComposed, dropRequested] as const
const cadence = [streamOpened, cadenceReached] as const

/** Its own words, by which a stream knows which of its drops are open. */
const standing = [dropPublished, dropSuperseded, dropExpired] as const

/** Everything that the scheduler hears. */
export const consumes = [...composeMessages, ...cadence, ...standing, ...heardByDrop] as const

/** Everything that it says. */
export const emits = [
  ...cadence,
  calendarChanged,
  dropOverdue,
  dropScheduled,
  supersessionRequested,
  dropExpiryReached,
  ...saidByDrop,
] as const

export type ComposeEnvelope = EnvelopeOf<(typeof composeMessages)[number]>
export type CadenceEnvelope = EnvelopeOf<(typeof cadence)[number]>
export type StandingEnvelope = EnvelopeOf<(typeof standing)[number]>
export type SchedulerEvent = EnvelopeOf<(typeof consumes)[number]>
export type SchedulerSaid = SaidOf<(typeof emits)[number]>

/** The outcome of one event: what to say, and the state of its key. */
export interface Outcome {
  readonly events: readonly SchedulerSaid[]
  readonly state: unknown
}

const composeSubjects = new Set<string>(composeMessages.map((event) => event.subject))
const cadenceSubjects = new Set<string>(cadence.map((event) => event.subject))

const standingSubjects = new Set<string>(standing.map((event) => event.subject))

/** Tells messages on composes from the rest. */
export function isComposeMessage(event: SchedulerEvent): event is ComposeEnvelope {
  return composeSubjects.has(event.subject)
}

/** Tells the events of the calendar from the rest. */
export function isCadence(event: SchedulerEvent): event is CadenceEnvelope {
  return cadenceSubjects.has(event.subject)
}

/** Tells what became of drops, for their stream, from the rest. */
export function isStanding(event: SchedulerEvent): event is StandingEnvelope {
  return standingSubjects.has(event.subject)
}
