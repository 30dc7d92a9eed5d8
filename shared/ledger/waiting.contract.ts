import { describe, expect, it } from 'vitest'
import { LeaseLost } from './ledger.ts'
import { later, lease, requested, waking, wanted, withLedgerOf, type Data } from './testing/ledger.ts'
import { accept, begin, only, park } from './testing/waiting.ts'

const day = 24 * 60 * 60

/** What every ledger promises to work that waits; what ends it is in waiting-ends.contract.ts. */
export function testLedgerWaiting(name: string, prepare: () => Promise<Data>): void {
  const start = later(0)
  const withLedger = withLedgerOf(prepare)

  describe(`work that waits in the ${name} ledger`, () => {
    it('is leased by nobody, is no attempt, and says what it waits for', () =>
      withLedger(async (ledger) => {
        const job = await begin(ledger)
        await park(ledger, job.id, { at: 5 })
        expect(await lease(ledger, { at: 3_599 })).toEqual([])
        expect(await ledger.heartbeat([job.id], 'a', later(60))).toEqual(new Map([[job.id, 'lost']]))
        expect(only(await ledger.jobs({ states: ['waiting'] }))).toMatchObject({
          id: job.id,
          attempts: 0,
          waiting: { reason: 'a task', kind: 'others', for: 'task 1', since: later(5), until: later(3_600) },
        })
      }))

    it('is woken by an event with its key, which it is handed with what it had kept', () =>
      withLedger(async (ledger) => {
        const job = await begin(ledger)
        await park(ledger, job.id, { at: 5 })
        await accept(ledger, waking('task 2'), 9)
        expect(await lease(ledger, { at: 10 })).toEqual([])
        const event = waking('task 1')
        expect(await accept(ledger, event, 10)).toBe(1)
        const woken = only(await lease(ledger, { at: 10 }))
        expect(woken).toMatchObject({ id: job.id, attempts: 1, state: 'running', waiting: null })
        expect(woken.waited).toEqual({ state: { task: 1 }, why: { event: event.envelope }, since: later(5) })
      }))

    it('is woken when its time has come', () =>
      withLedger(async (ledger) => {
        const job = await begin(ledger)
        await park(ledger, job.id, { for: null, until: later(60) })
        expect(await ledger.nextDue('builder', start)).toEqual(later(60))
        expect(await lease(ledger, { at: 59 })).toEqual([])
        expect(only(await lease(ledger, { at: 60 })).waited).toMatchObject({ state: { task: 1 }, why: 'time' })
      }))

    it('is woken at once by an event that came before it began to wait, even before it first ran', () =>
      withLedger(async (ledger) => {
        const event = waking('task 1')
        await accept(ledger, event)
        const job = await begin(ledger)
        await park(ledger, job.id, { at: 5 })
        expect(only(await lease(ledger, { at: 5 })).waited?.why).toEqual({ event: event.envelope })
      }))

    it('is woken by each event once, in the order in which they came', () =>
      withLedger(async (ledger) => {
        const events = [waking('task 1'), waking('task 1'), waking('task 1')] as const
        await accept(ledger, events[0])
        const job = await begin(ledger)
        await park(ledger, job.id)
        await ledger.accept('builder', [events[1], events[2], events[0]], later(1))
        for (const event of events) {
          expect(only(await lease(ledger, { at: 2 })).waited?.why).toEqual({ event: event.envelope })
          await park(ledger, job.id, { at: 2 })
        }
        await ledger.accept('builder', events, later(3))
        expect(await lease(ledger, { at: 4 })).toEqual([])
      }))

    it('is woken by each event once, also when it waits for one thing and another by turns', () =>
      withLedger(async (ledger) => {
        const [one, other] = [waking('one'), waking('other')]
        await ledger.accept('builder', [other, one], start)
        const job = await begin(ledger)
        for (const event of [one, other]) {
          await park(ledger, job.id, { for: event.wakes ?? '' })
          expect(only(await lease(ledger)).waited?.why).toEqual({ event: event.envelope })
        }
        await park(ledger, job.id, { for: 'one' })
        expect(await lease(ledger)).toEqual([])
      }))

    it('is woken with all others that wait for the same, and not with those of another service', () =>
      withLedger(async (ledger) => {
        const mine = [await begin(ledger), await begin(ledger)]
        for (const job of mine) await park(ledger, job.id)
        await park(ledger, (await begin(ledger, { service: 'converter' })).id)
        const event = waking('task 1')
        await accept(ledger, event, 1)
        expect((await lease(ledger, { at: 1 })).map((job) => job.id)).toEqual(mine.map((job) => job.id))
        expect(await lease(ledger, { service: 'converter', at: 1 })).toEqual([])
        await accept(ledger, event, 2, 'converter')
        expect(await lease(ledger, { service: 'converter', at: 2 })).toHaveLength(1)
      }))

    it('says its events when it begins to wait, or does neither', () =>
      withLedger(async (ledger) => {
        const job = await begin(ledger)
        const event = requested()
        await park(ledger, job.id, { events: [event], entity: { key: 'k', version: 0, state: 1 } })
        expect((await ledger.events({})).map((row) => row.envelope)).toEqual([event])
        expect(await ledger.entity('builder', 'k')).toEqual({ state: 1, version: 1 })
        await expect(park(ledger, job.id, { events: [requested()] })).rejects.toThrow(LeaseLost)
        const other = await begin(ledger)
        const old = { key: 'k', version: 0, state: 2 }
        await expect(park(ledger, other.id, { events: [requested()], entity: old })).rejects.toThrow(LeaseLost)
        expect(await ledger.events({})).toHaveLength(1)
        expect(only(await ledger.jobs({ states: ['running'] })).id).toBe(other.id)
      }))

    it('has waited since it first did, when it looks and waits on for the same', () =>
      withLedger(async (ledger) => {
        const job = await begin(ledger)
        await park(ledger, job.id, { at: 5, until: later(10) })
        expect(only(await lease(ledger, { at: 10 })).waited?.since).toEqual(later(5))
        await park(ledger, job.id, { at: 11, until: later(20) })
        expect(only(await lease(ledger, { at: 20 })).waited?.since).toEqual(later(5))
        await park(ledger, job.id, { at: 21, reason: 'another thing' })
        expect(only(await ledger.jobs({})).waiting?.since).toEqual(later(21))
      }))

    it('has what it kept again after a failed or killed attempt, and why it was woken', () =>
      withLedger(async (ledger) => {
        const job = await begin(ledger)
        await park(ledger, job.id)
        const event = waking('task 1')
        await accept(ledger, event, 1)
        const waited = { state: { task: 1 }, why: { event: event.envelope }, since: start }
        expect(only(await lease(ledger, { at: 1 })).waited).toEqual(waited)
        await ledger.putBack(job.id, 'a', { at: later(2), error: 'busy', counts: true })
        expect(only(await lease(ledger, { at: 2, owner: 'dead' }))).toMatchObject({ waited, attempts: 2 })
        await ledger.reclaim((owner) => owner !== 'dead', later(3))
        expect(only(await lease(ledger, { at: 3 }))).toMatchObject({ waited, attempts: 3 })
        expect(only(await lease(ledger, { at: 60, owner: 'b' }))).toMatchObject({ waited, attempts: 4 })
      }))

    it('survives that everything is closed, between its wait and the event and after it', async () => {
      await using data = await prepare()
      const event = waking('task 1')
      {
        await using ledger = await data.open()
        await park(ledger, (await begin(ledger)).id)
      }
      {
        await using ledger = await data.open()
        await ledger.reclaim(() => false, later(1))
        expect(await lease(ledger, { at: 1 })).toEqual([])
        await accept(ledger, event, 1)
      }
      await using ledger = await data.open()
      expect(only(await lease(ledger, { at: 2 })).waited).toMatchObject({
        state: { task: 1 },
        why: { event: event.envelope },
      })
    })

    it('is woken by no event of long ago: one is kept for a week', () =>
      withLedger(async (ledger) => {
        await accept(ledger, waking('task 1'))
        await accept(ledger, waking('task 2'), 2 * day)
        await accept(ledger, waking('task 3'), 8 * day)
        const [one, other] = [await begin(ledger), await begin(ledger)]
        await park(ledger, one.id, { for: 'task 1', until: later(9 * day), at: 8 * day })
        await park(ledger, other.id, { for: 'task 2', until: later(9 * day), at: 8 * day })
        expect((await lease(ledger, { at: 8 * day })).map((job) => job.id)).toEqual([other.id])
      }))

    it('holds up no other job of its key, and is the next when it is woken', () =>
      withLedger(async (ledger) => {
        const first = await begin(ledger, { key: 'x' })
        await park(ledger, first.id)
        await ledger.accept('builder', [wanted('x'), wanted('x')], later(1))
        const second = only(await lease(ledger, { at: 1 }))
        await accept(ledger, waking('task 1'), 2)
        expect(await lease(ledger, { at: 2 })).toEqual([])
        await ledger.finish(second.id, 'a', { state: 'done', events: [] }, later(3))
        expect(only(await lease(ledger, { at: 3 })).id).toBe(first.id)
        expect(await lease(ledger, { at: 3 })).toEqual([])
        await ledger.finish(first.id, 'a', { state: 'done', events: [] }, later(4))
        expect(await lease(ledger, { at: 4 })).toHaveLength(1)
      }))

    it('runs one at a time when several of one key are woken together', () =>
      withLedger(async (ledger) => {
        const jobs = []
        for (let count = 0; count < 3; count += 1) {
          const job = await begin(ledger, { key: 'x' })
          await park(ledger, job.id)
          jobs.push(job.id)
        }
        await accept(ledger, waking('task 1'), 1)
        for (const id of jobs) {
          expect((await lease(ledger, { at: 1 })).map((job) => job.id)).toEqual([id])
          await ledger.finish(id, 'a', { state: 'done', events: [] }, later(1))
        }
      }))

    it('rings when it may be due, here and in another connection, and not for what wakes nobody', () =>
      withLedger(async (ledger, open) => {
        await using second = await open()
        const job = await begin(ledger)
        const places: unknown[] = []
        const rung = Promise.withResolvers<void>()
        using _here = ledger.watch((where) => places.push(where))
        using _there = second.watch((where) => {
          if (where === 'anywhere' || (typeof where === 'object' && where.service === 'builder')) rung.resolve()
        })
        second.offer('builder', true)
        await park(ledger, job.id)
        // Other connections may be told of anything at any time, which rings anywhere.
        const here = () => places.filter((where) => typeof where === 'object').length
        expect(here()).toBe(1)
        await rung.promise
        await accept(ledger, waking('task 2'))
        expect(here()).toBe(1)
        await accept(ledger, waking('task 1'))
        expect(here()).toBe(2)
      }))

    it('is counted by what it waits for, and as queued when its wait is over', () =>
      withLedger(async (ledger) => {
        for (const at of [1, 2, 3]) await park(ledger, (await begin(ledger)).id, { at, for: `task ${String(at)}` })
        const copy = { reason: 'a copy', for: null, until: later(20) }
        await park(ledger, (await begin(ledger)).id, { at: 4, ...copy })
        await park(ledger, (await begin(ledger)).id, { at: 5, ...copy, kind: 'planned' })
        await accept(ledger, waking('task 2'), 10)
        const { jobs, waits } = await ledger.backlog(later(20))
        const service = 'builder'
        expect(jobs).toContainEqual({ service, state: 'waiting', count: 2, oldest: later(1) })
        expect(jobs).toContainEqual({ service, state: 'queued', count: 3, oldest: later(10) })
        expect(waits).toContainEqual({ service, reason: 'a task', kind: 'others', count: 3, oldest: later(1) })
        expect(waits).toContainEqual({ service, reason: 'a copy', kind: 'others', count: 1, oldest: later(4) })
        expect(waits).toContainEqual({ service, reason: 'a copy', kind: 'planned', count: 1, oldest: later(5) })
      }))
  })
}
