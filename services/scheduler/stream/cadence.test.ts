import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { dailyTick, untilNextTick, weeklySlot } from './cadence.ts'

it('the weekly slot is the last time that was due, and the daily one not more than a day ago', () => {
  const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const
  const times = fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
  fc.assert(
    fc.property(times, fc.constantFrom(...weekdays), fc.integer({ min: 0, max: 23 }), (now, weekday, hour) => {
      const slot = weeklySlot(now, { weekday, hour })
      expect([weekdays[slot.getUTCDay()], slot.getUTCHours(), slot.getTime() % 3_600_000]).toEqual([weekday, hour, 0])
      const age = now.getTime() - slot.getTime()
      expect(age >= 0 && age < 7 * 86_400_000).toBe(true)
      const next = new Date(now.getTime() + untilNextTick(now, { hour }))
      expect(next.getTime() - dailyTick(now, { hour }).getTime()).toBe(86_400_000)
      expect(next.getTime()).toBeGreaterThan(now.getTime())
    }),
  )
})
