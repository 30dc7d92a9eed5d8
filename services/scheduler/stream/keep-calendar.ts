import { isDeepStrictEqual } from 'node:util'
import { calendarChanged, dropOverdue, type CalendarEntry } from '#events/calendar.ts'
import { say, type SaidOf } from '#events/define.ts'
import { streamOf } from '../compose/notice.ts'
import type { Policy } from '../policy/policy.ts'
import { planCalendar, type Planned, type Release } from './plan-calendar.ts'
import type { StreamDecision, StreamEvent } from './schedule.ts'
import type { StreamState } from './state.ts'

interface Keeping {
  readonly release: Release
  readonly policy: Policy
  readonly now: Date
}

type CalendarEvent = SaidOf<typeof calendarChanged | typeof dropOverdue>

/** Adds to a decision what it, the policy or time itself has changed in the calendar of the release. */
export function keepCalendar(
  { state, events }: Pick<StreamDecision, 'state' | 'events'>,
  { release, policy, now }: Keeping,
): { readonly state: StreamState; readonly events: readonly (StreamEvent | CalendarEvent)[] } {
  const before = new Map(state.calendar.map((entry) => [entry.key, entry]))
  const entries = planCalendar(state, { release, policy, now }).map((one) =>
    revise(one, before.get(one.key), now.toISOString()),
  )
  if (isDeepStrictEqual(entries, state.calendar)) return { state, events }
  const stream = streamOf(release)
  return {
    state: { ...state, calendar: entries },
    events: [say(calendarChanged, { stream, entries }), ...sayOverdue(entries, state, stream), ...events],
  }
}

function revise(planned: Planned, before: CalendarEntry | undefined, now: string): CalendarEntry {
  if (!before) return { ...planned, revision: 0, changedAt: now }
  const isMoved = before.due !== planned.due || before.calledOff !== planned.calledOff
  const revised = { ...before, ...planned, revision: before.revision + (isMoved ? 1 : 0) }
  return isDeepStrictEqual(revised, before) ? before : { ...revised, changedAt: now }
}

/** A milestone is told of once for each day that it was due; weeks on end without a compose are told of once. */
function sayOverdue(entries: readonly CalendarEntry[], { calendar, newest, drops }: StreamState, stream: string) {
  const isTold = ({ key, due }: CalendarEntry) =>
    calendar.some((one) => one.key === key && one.overdue && one.due === due)
  const late = entries.filter(({ overdue }) => overdue)
  const milestones = late.filter((entry) => entry.milestone !== null && !isTold(entry))
  const weeks = entries.filter(({ milestone }) => milestone === null)
  const first = weeks.findIndex((entry) => entry.overdue && !isTold(entry))
  const isGoingOn = weeks[first - 1]?.overdue ?? false
  const week = isGoingOn ? undefined : weeks[first]
  const last = newest?.compose.id ?? drops.at(-1)?.compose ?? null
  return [...(week ? [week] : []), ...milestones].map(({ key, milestone, due }): CalendarEvent =>
    say(dropOverdue, { stream, key, milestone, due, newest: last }),
  )
}
