import type { CalendarEntry } from '#events/calendar.ts'
import { findDistribution } from '../policy/find-distribution.ts'
import type { Policy } from '../policy/policy.ts'
import { addDays, daysBetween, isoWeek, weeklyOf, weeklySlot } from './cadence.ts'
import type { StreamState } from './state.ts'

/** Weekly drops are planned for so many weeks, and what was due is shown for so many. */
const weeksAhead = 8
const weeksBack = 26
/** A release without a nightly compose for so long has ended, and no weekly drop of it is planned any more. */
const silentDays = 28

/** A drop that is expected: what the policy says of it, before it is compared with what was said. */
export type Planned = Pick<CalendarEntry, 'key' | 'milestone' | 'due' | 'drop' | 'overdue' | 'calledOff'>

export interface Release {
  readonly short: string
  readonly version: string
}

interface Plan {
  readonly release: Release
  readonly policy: Policy
  readonly now: Date
}

/** When the drops of a release are due, as the policy and its composes of late say, with the drops that came. */
export function planCalendar(state: StreamState, { release, policy, now }: Plan): Planned[] {
  const distribution = findDistribution(release, policy)
  const weekly = distribution?.weekly ? planWeekly(state, weeklyOf(distribution, policy), now) : []
  const planned = [...weekly, ...planMilestones(state, release, policy)]
  const shownFrom = addDays(now, -7 * weeksBack).toISOString()
  return [...planned, ...leftOver(state, planned, now)]
    .filter(({ due }) => due >= shownFrom)
    .map((one) => ({ ...one, overdue: isOverdue(one, policy, now) }))
    .toSorted((one, other) => (one.due < other.due ? -1 : 1))
}

type Due = Pick<CalendarEntry, 'due' | 'drop'>

function planWeekly({ newest, drops, calendar }: StreamState, when: Parameters<typeof weeklySlot>[1], now: Date) {
  const came = new Map<string, Due>(
    drops
      .filter(({ kind }) => kind === 'weekly')
      .map(({ drop, scheduledAt }) => {
        const slot = weeklySlot(new Date(scheduledAt), when)
        const known = calendar.find((one) => one.drop === drop)
        return known ? [known.key, { due: known.due, drop }] : [keyOf(slot), { due: slot.toISOString(), drop }]
      }),
  )
  const lives = newest !== null && daysBetween(dayOf(newest.compose.date), now) < silentDays
  const slot = weeklySlot(now, when)
  const slots = lives ? Array.from({ length: weeksAhead + 1 }, (_, week) => addDays(slot, 7 * week)) : []
  const expected = new Map<string, Due>(slots.map((due) => [keyOf(due), { due: due.toISOString(), drop: null }]))
  return [...new Map([...expected, ...came])].map(([key, { due, drop }]): Planned => ({ ...blank, key, due, drop }))
}

function planMilestones({ drops }: StreamState, release: Release, { milestones }: Policy): Planned[] {
  return milestones
    .filter(({ short, version }) => short === release.short && version === release.version)
    .map(({ milestone, due }) => ({
      ...blank,
      key: milestone,
      milestone,
      due: dayOf(due),
      drop: drops.findLast((one) => one.milestone === milestone)?.drop ?? null,
    }))
}

/** What was said and is planned no more: a week that has passed stays as it was, a milestone is called off. */
function leftOver({ calendar }: StreamState, planned: readonly Planned[], now: Date): Planned[] {
  const keys = new Set(planned.map(({ key }) => key))
  return calendar
    .filter(({ key, due, milestone }) => !keys.has(key) && (milestone !== null || due <= now.toISOString()))
    .map(({ key, milestone, due, drop }) => ({
      ...blank,
      key,
      milestone,
      due,
      drop,
      calledOff: milestone !== null && drop === null,
    }))
}

function isOverdue({ due, drop, calledOff }: Planned, { cadence }: Policy, now: Date): boolean {
  return drop === null && !calledOff && now >= addDays(new Date(due), cadence.patienceDays)
}

const blank = { milestone: null, drop: null, overdue: false, calledOff: false }

/** A week has one slot, on whatever day. */
function keyOf(slot: Date): string {
  return `weekly-${isoWeek(slot)}`
}

/** The beginning of a day that is written as `20260414` or `2026-04-14`. */
function dayOf(text: string): string {
  return `${text.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3')}T00:00:00.000Z`
}
