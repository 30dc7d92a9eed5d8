import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { candidate, nightly } from '../compose/testing/example-messages.ts'
import { Stream } from './testing/told-stream.ts'

it('a stream never has two live drops of one week or one candidate, whatever it is told in whatever order', async () => {
  const messages = fc.oneof(
    fc
      .tuple(fc.integer({ min: 10, max: 28 }), fc.nat(2))
      .map(([day, respin]) => nightly('45', `202607${String(day)}`, respin)),
    fc
      .tuple(fc.constantFrom('Beta-1.1', 'Beta-1.2', 'RC-1.1'), fc.integer({ min: 10, max: 12 }), fc.nat(1))
      .map(([label, day, respin]) => candidate('45', label, `202609${String(day)}`, respin)),
  )
  const steps = fc.array(fc.tuple(messages, fc.integer({ min: 0, max: 60 })), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(steps, async (told) => {
      const stream = new Stream()
      const live = new Set<string>()
      let hours = 0
      const said: string[] = []
      for (const [message, wait] of told) {
        hours += wait
        const now = new Date(Date.parse('2026-07-13T06:00:00Z') + hours * 3_600_000).toISOString()
        for (const events of [await stream.hears(message, now), stream.reaches(now)]) {
          for (const event of events) {
            const [drop, replaced] = event.split(' instead of ') as [string, string?]
            said.push(event)
            live.add(drop)
            if (replaced) live.delete(replaced)
          }
        }
      }
      expect(new Set(said).size).toBe(said.length)
      const records = stream.state.drops.filter((one) => live.has(one.drop))
      const days = records.filter((one) => one.kind === 'weekly').map((one) => one.date)
      expect(new Set(days).size).toBe(days.length)
      expect(days.length).toBeLessThanOrEqual(Math.floor(hours / 168) + 1)
      const labels = records.map((one) => (one.label ? `${String(one.milestone)}-${String(one.label.version)}` : null))
      const candidates = labels.filter((label) => label !== null)
      expect(new Set(candidates).size).toBe(candidates.length)
    }),
    { numRuns: 200 },
  )
})
