import type { Policy } from '../policy/policy.ts'

const hours = 3_600_000
const day = 24 * hours
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** The weekly slot that a time lies in: the last time at which weekly drops were due. */
export function weeklySlot(now: Date, { weekday, hour }: Policy['cadence']): Date {
  const tick = dailyTick(now, { hour })
  const daysSince = (tick.getUTCDay() - weekdays.indexOf(weekday) + 7) % 7
  return new Date(tick.getTime() - daysSince * day)
}

/** The last time at which the cadence was reached: every day at the policy's hour. */
export function dailyTick(now: Date, { hour }: Pick<Policy['cadence'], 'hour'>): Date {
  return new Date(Math.floor((now.getTime() - hour * hours) / day) * day + hour * hours)
}

/** Whole days between two times. */
export function daysBetween(from: string, now: Date): number {
  return Math.floor((now.getTime() - Date.parse(from)) / day)
}

/** Milliseconds until the cadence is reached again. */
export function untilNextTick(now: Date, cadence: Pick<Policy['cadence'], 'hour'>): number {
  return dailyTick(now, cadence).getTime() + day - now.getTime()
}
