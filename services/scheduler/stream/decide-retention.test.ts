import * as fc from 'fast-check'
import { expect, it, describe } from 'vitest'
import type { Policy } from '../policy/policy.ts'
import { decideCadence } from './decide-cadence.ts'
import { decideRetention } from './decide-retention.ts'
import type { DropRecord } from './state.ts'
import { candidate, nightly } from '../compose/testing/example-messages.ts'
import { shipped, Stream } from './testing/told-stream.ts'

const begin = Date.parse('2026-07-01T06:00:00Z')
const after = (days: number) => new Date(begin + days * 86_400_000)

function weekly(day: number, change: Partial<DropRecord> = {}): DropRecord {
  const scheduledAt = after(day).toISOString()
  const date = scheduledAt.slice(0, 10).replaceAll('-', '')
  const compose = `Fedora-44-${date}.n.0`
  const base = { drop: `weekly-${compose}`, kind: 'weekly', milestone: null, compose, date, respin: 0 } as const
  return { ...base, label: null, scheduledAt, told: 'nothing', standing: 'open', ...change }
}

function goes(drops: readonly DropRecord[], days: number, retention: Policy['retention'] = shipped.retention) {
  return decideRetention(drops, { retention, now: after(days) }).flatMap(({ drop, goes: end }) => (end ? drop : []))
}

it('keeps the newest open one of its kind, however old it is, and whatever came after it and was not published', () => {
  const old = weekly(0)
  const failed = weekly(7, { standing: 'closed' })
  expect(goes([old, failed], 100)).toEqual([failed])
  const newer = weekly(14)
  expect(goes([old, failed, newer], 100)).toEqual([old, failed])
  expect(goes([old, { ...newer, standing: 'over' }], 100)).toEqual([])
})

it('keeps as many of the newest open ones as the policy says, for as long as they are', () => {
  const retention = { ...shipped.retention, weekly: { newest: 2 } }
  const drops = [0, 7, 14, 21].map((day) => weekly(day))
  expect(goes(drops, 22, retention)).toEqual(drops.slice(0, 2))
  expect(goes(drops, 1_000, retention)).toEqual(drops.slice(0, 2))
  const [event] = decideCadence(
    { newest: null, served: null, calendar: [], drops },
    { policy: { ...shipped, retention }, now: after(22) },
  ).events
  expect(event?.body).toEqual({ drop: drops[0]?.drop, keptDays: 22, keptNewest: 2, onlyUnblessed: false })
})

it('ends no milestone by the policy that is shipped', () => {
  const milestones = (['Alpha', 'Beta', 'Final'] as const).flatMap((milestone) =>
    [0, 1].map((day) => weekly(day, { kind: 'milestone', milestone })),
  )
  expect(goes(milestones, 10_000)).toEqual([])
})

it('whatever there is and whatever the policy, something to use stays, and what has gone is not told of again', () => {
  const rule = fc.oneof(
    fc.integer({ min: 1, max: 60 }),
    fc.constant('forever' as const),
    fc.record({ newest: fc.integer({ min: 1, max: 5 }) }),
  )
  const kinds = fc.constantFrom(
    { kind: 'weekly', milestone: null } as const,
    { kind: 'nightly', milestone: null } as const,
    { kind: 'milestone', milestone: 'Beta' } as const,
  )
  const records = fc.array(
    fc
      .tuple(fc.nat(60), kinds, fc.constantFrom('closed', 'open', 'over'), fc.nat(2))
      .map(([day, kind, standing, respin]) =>
        weekly(day, { ...kind, standing, respin, drop: `${kind.kind}-${String(day)}.${String(respin)}` }),
      ),
    { maxLength: 40 },
  )
  const unique = records.map((all) => [...new Map(all.map((one) => [one.drop, one])).values()])
  fc.assert(
    fc.property(unique, rule, fc.integer({ min: 60, max: 200 }), (drops, kept, days) => {
      const retention = { ...shipped.retention, weekly: kept, nightly: kept, Beta: kept }
      const gone = new Set(goes(drops, days, retention))
      for (const kind of ['weekly', 'nightly', 'milestone']) {
        const open = drops.filter((one) => one.kind === kind && one.standing === 'open')
        const ages = (one: DropRecord) => `${one.date}.${String(one.respin)}`
        const newestFirst = open.toSorted((one, other) => (ages(one) < ages(other) ? 1 : -1))
        const least = typeof kept === 'object' ? kept.newest : 1
        for (const one of newestFirst.slice(0, least)) expect(gone.has(one)).toBe(false)
        if (typeof kept === 'object') for (const one of newestFirst.slice(least)) expect(gone.has(one)).toBe(true)
      }
      for (const one of gone) expect(one.standing).not.toBe('over')
      const state = { newest: null, served: null, calendar: [], drops }
      const options = { policy: { ...shipped, retention }, now: after(days) }
      const first = decideCadence(state, options)
      const ended = first.state.drops.filter(({ told }) => told === 'expired').length
      const second = decideCadence(first.state, options)
      expect(second.state.drops.filter(({ told }) => told === 'expired').length - ended).toBe(second.events.length)
      expect(decideCadence(second.state, options).events).toEqual([])
    }),
  )
})

describe('retention', () => {
  const told = (stream: Stream) =>
    stream.last.events.flatMap((event) => (event.subject === 'drop.expiry.reached.v1' ? [event.body] : []))

  it('ends a weekly drop after its days, once', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    stream.reaches('2026-08-13T08:00:00Z')
    expect(told(stream)).toEqual([])
    stream.reaches('2026-08-14T06:00:00Z')
    expect(told(stream)).toEqual([{ drop: 'weekly-Fedora-44-20260714.n.0', keptDays: 30, onlyUnblessed: false }])
    stream.reaches('2026-08-15T06:00:00Z')
    expect(told(stream)).toEqual([])
  })

  it('keeps a Final drop for ever, and ends a candidate that nobody blessed', async () => {
    const stream = new Stream()
    await stream.hears(candidate('45', 'RC-1.1', '20260901'), '2026-09-01T09:00:00Z')
    stream.reaches('2026-12-01T06:00:00Z')
    expect(told(stream)).toEqual([{ drop: 'milestone-Fedora-45-20260901.0', keptDays: 60, onlyUnblessed: true }])
    stream.reaches('2036-12-01T06:00:00Z')
    expect(told(stream)).toEqual([])
  })
})
