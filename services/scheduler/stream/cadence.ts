import type { Distribution, Policy } from '../policy/policy.ts'

const hours = 3_600_000
const day = 24 * hours
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

type Weekly = Pick<Policy['cadence'], 'weekday' | 'hour'>

/** When the weekly drops of a release are due: on its own day where it has one. */
export function weeklyOf({ weekday }: Pick<Distribution, 'weekday'>, { cadence }: Pick<Policy, 'cadence'>): Weekly {
  return { hour: cadence.hour, weekday: weekday ?? cadence.weekday }
}

/** The weekly slot that a time lies in: the last time at which weekly drops were due. */
export function weeklySlot(now: Date, { weekday, hour }: Weekly): Date {
  const tick = dailyTick(now, { hour })
  const daysSince = (tick.getUTCDay() - weekdays.indexOf(weekday) + 7) % 7
  return new Date(tick.getTime() - daysSince * day)
}

/** The last time at which the cadence was reached: every day at the policy's hour. */
export function dailyTick(now: Date, { hour }: Pick<Policy['cadence'], 'hour'>): Date {
  return new Date(Math.floor((now.getTime() - hour * hours) / day) * day + hour * hours)
}

/** The same time of another day. */
export function addDays(time: Date, days: number): Date {
  return new Date(time.getTime() + days * day)
}

/** The week of a time by ISO 8601, which begins on Monday and belongs to the year of its Thursday: `2026-W29`. */
export function isoWeek(time: Date): string {
  const thursday = addDays(time, 4 - (time.getUTCDay() || 7))
  const year = thursday.getUTCFullYear()
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / day / 7) + 1
  return `${String(year)}-W${String(week).padStart(2, '0')}`
}

/** Whole days between two times. */
export function daysBetween(from: string, now: Date): number {
  return Math.floor((now.getTime() - Date.parse(from)) / day)
}

/** Milliseconds until the cadence is reached again. */
export function untilNextTick(now: Date, cadence: Pick<Policy['cadence'], 'hour'>): number {
  return dailyTick(now, cadence).getTime() + day - now.getTime()
}
