import { describe, expect, it } from 'vitest'
import { LeaseLost } from './ledger.ts'
import { ending, later, lease, requested, unsent, wanted, withLedgerOf, type Data } from './testing/ledger.ts'

/** What every ledger promises; what it promises to many at the same time is in competition.contract.ts. */
export function testLedger(name: string, prepare: () => Promise<Data>): void {
  const start = later(0)
  const withLedger = withLedgerOf(prepare)

  describe(`the ${name} ledger`, () => {
    it('takes an event into an inbox once, however often it is delivered', () =>
      withLedger(async (ledger) => {
        const delivery = wanted()
        expect(await ledger.accept('builder', [delivery], start)).toBe(1)
        expect(await ledger.accept('builder', [delivery, delivery], start)).toBe(0)
        expect(await ledger.accept('converter', [delivery], start)).toBe(1)
        expect(await lease(ledger)).toHaveLength(1)
      }))

    it('hands out the oldest jobs first and never one twice', () =>
      withLedger(async (ledger, open) => {
        await using second = await open()
        const deliveries = Array.from({ length: 6 }, () => wanted())
        await ledger.accept('builder', deliveries, start)
        const [mine, theirs] = await Promise.all([lease(ledger, { limit: 3 }), lease(second, { owner: 'b', limit: 3 })])
        const ids = [...mine, ...theirs].map((job) => job.envelope.id)
        expect(ids.toSorted()).toEqual(deliveries.map((one) => one.envelope.id).toSorted())
        expect(mine.map((job) => job.id)).toEqual(mine.map((job) => job.id).toSorted((one, other) => one - other))
        expect(await lease(ledger)).toEqual([])
      }))

    it('hands a job out again when its lease has run out, and refuses the late result', () =>
      withLedger(async (ledger) => {
        await ledger.accept('builder', [wanted()], start)
        const [job] = await lease(ledger)
        expect(await lease(ledger, { owner: 'b', at: 29 })).toEqual([])
        const [again] = await lease(ledger, { owner: 'b', at: 31 })
        expect(again).toMatchObject({ id: job?.id, attempts: 2 })
        await expect(
          ledger.finish(job?.id ?? 0, 'a', { state: 'done', events: [requested()] }, later(32)),
        ).rejects.toThrow(LeaseLost)
        expect(await unsent(ledger)).toEqual([])
      }))

    it('keeps a lease alive by heartbeats', () =>
      withLedger(async (ledger) => {
        await ledger.accept('builder', [wanted()], start)
        const [job] = await lease(ledger)
        const id = job?.id ?? 0
        expect(await ledger.heartbeat([id], 'a', later(60))).toEqual(new Map([[id, 'held']]))
        expect(await lease(ledger, { owner: 'b', at: 31 })).toEqual([])
        expect(await ledger.heartbeat([id], 'b', later(90))).toEqual(new Map([[id, 'lost']]))
      }))

    it('finishes a job with its events, or not at all', () =>
      withLedger(async (ledger) => {
        await ledger.accept('builder', [wanted()], start)
        const [job] = await lease(ledger)
        const events = [requested(), requested()]
        const said = await ledger.finish(job?.id ?? 0, 'a', { state: 'done', events }, later(1))
        const rows = await unsent(ledger)
        expect(rows.map((row) => row.envelope)).toEqual(events)
        expect(said ?? rows).toEqual(rows)
        expect(await ledger.jobs({ states: ['done'] })).toHaveLength(1)
        await expect(
          ledger.finish(job?.id ?? 0, 'a', { state: 'done', events: [requested()] }, later(2)),
        ).rejects.toThrow(LeaseLost)
        expect(await unsent(ledger)).toHaveLength(2)
      }))

    it('tells who runs a job, and who ran it when it has ended', () =>
      withLedger(async (ledger) => {
        await ledger.accept('builder', [wanted(), wanted(), wanted()], start)
        expect((await ledger.jobs({})).map((job) => job.owner)).toEqual([null, null, null])
        const [plain, telling, other] = await lease(ledger)
        expect((await ledger.jobs({})).map((job) => job.owner)).toEqual(['a', 'a', 'a'])
        await ledger.finish(plain?.id ?? 0, 'a', { state: 'done', events: [] }, later(1))
        await ledger.finish(telling?.id ?? 0, 'a', { state: 'failed', events: [requested()] }, later(1))
        await ledger.putBack(other?.id ?? 0, 'a', { at: later(2), error: null, counts: true })
        expect((await ledger.jobs({})).map((job) => job.owner)).toEqual(['a', 'a', null])
        await ledger.replay(requested().drop ?? '', later(3))
        expect((await ledger.jobs({})).map((job) => job.owner)).toEqual(['a', null, null])
      }))

    it('keeps an entity with the job that changed it, and refuses an old version', () =>
      withLedger(async (ledger) => {
        expect(await ledger.entity('builder', 'k')).toEqual({ state: undefined, version: 0 })
        await ledger.accept('builder', [wanted(), wanted()], start)
        const [one, other] = await lease(ledger)
        const entity = { key: 'k', version: 0, state: { count: 1 } }
        await ledger.finish(one?.id ?? 0, 'a', { state: 'done', events: [], entity }, later(1))
        expect(await ledger.entity('builder', 'k')).toEqual({ state: { count: 1 }, version: 1 })
        await expect(
          ledger.finish(other?.id ?? 0, 'a', { state: 'done', events: [requested()], entity }, later(1)),
        ).rejects.toThrow(LeaseLost)
        expect(await unsent(ledger)).toEqual([])
        expect(await ledger.jobs({ states: ['running'] })).toHaveLength(1)
      }))

    it('hands a job out with what is kept under its key', () =>
      withLedger(async (ledger) => {
        await ledger.accept('builder', [wanted('k'), wanted('k'), wanted()], start)
        const [first, plain] = await lease(ledger)
        expect(first?.entity).toEqual({ key: 'k', state: undefined, version: 0 })
        expect(plain?.entity).toBeNull()
        const entity = { key: 'k', version: 0, state: { count: 1 } }
        await ledger.finish(first?.id ?? 0, 'a', { state: 'done', events: [], entity }, later(1))
        const [second] = await lease(ledger)
        expect(second?.entity).toEqual({ key: 'k', state: { count: 1 }, version: 1 })
      }))

    it('runs jobs with one key one after the other, and others beside them', () =>
      withLedger(async (ledger) => {
        await ledger.accept('builder', [wanted('x'), wanted('x'), wanted('y')], start)
        const first = await lease(ledger)
        expect(first).toHaveLength(2)
        expect(await lease(ledger)).toEqual([])
        await ledger.finish(first[0]?.id ?? 0, 'a', { state: 'done', events: [] }, later(1))
        expect(await lease(ledger)).toHaveLength(1)
      }))

    it('waits with a job that was put back until it is due', () =>
      withLedger(async (ledger) => {
        await ledger.accept('builder', [wanted()], start)
        const [job] = await lease(ledger)
        await ledger.putBack(job?.id ?? 0, 'a', { at: later(10), error: 'busy', counts: true })
        expect(await ledger.nextDue('builder', start)).toEqual(later(10))
        expect(await lease(ledger, { at: 9 })).toEqual([])
        const [again] = await lease(ledger, { at: 10 })
        expect(again).toMatchObject({ attempts: 2, error: 'busy' })
        await ledger.putBack(job?.id ?? 0, 'a', { at: later(10), error: null, counts: false })
        expect((await lease(ledger, { at: 10 }))[0]?.attempts).toBe(2)
      }))

    it('gives back the jobs of dead owners at once', () =>
      withLedger(async (ledger) => {
        await ledger.accept('builder', [wanted(), wanted()], start)
        await lease(ledger, { owner: 'dead', limit: 1 })
        await lease(ledger, { owner: 'alive', limit: 1 })
        expect(await ledger.reclaim((owner) => owner === 'alive', later(1))).toBe(1)
        expect(await lease(ledger, { at: 1 })).toHaveLength(1)
      }))

    it('ends the work on a drop: what waits, what runs, and what comes later', () =>
      withLedger(async (ledger) => {
        await ledger.accept('builder', [wanted(), wanted()], start)
        const [job] = await lease(ledger, { limit: 1 })
        const id = job?.id ?? 0
        await ledger.accept('builder', [ending()], later(1))
        expect(await ledger.heartbeat([id], 'a', later(60))).toEqual(new Map([[id, 'cancelled']]))
        await expect(ledger.finish(id, 'a', { state: 'done', events: [] }, later(2))).rejects.toThrow(LeaseLost)
        await ledger.finish(id, 'a', { state: 'cancelled', events: [] }, later(2))
        await ledger.accept('builder', [wanted()], later(3))
        expect(await lease(ledger, { at: 4 })).toEqual([])
        expect(await ledger.jobs({ states: ['cancelled'] })).toHaveLength(3)
      }))

    it('takes a drop up again, and is not stopped by the old ending delivered once more', () =>
      withLedger(async (ledger) => {
        const end = ending()
        await ledger.accept('builder', [wanted()], start)
        await ledger.accept('builder', [end], later(1))
        expect(await ledger.replay(end.envelope.drop ?? '', later(2))).toBe(1)
        await ledger.accept('builder', [end], later(3))
        expect(await lease(ledger, { at: 4 })).toHaveLength(1)
      }))

    it('remembers everything over a restart', async () => {
      await using data = await prepare()
      {
        await using ledger = await data.open()
        await ledger.accept('builder', [wanted()], start)
        await ledger.say(requested(), start)
      }
      await using again = await data.open()
      expect(await lease(again)).toHaveLength(1)
      expect(await unsent(again)).toHaveLength(1)
    })

    it('rings for new work, also in another connection that is free for it', () =>
      withLedger(async (ledger, open) => {
        await using second = await open()
        const rung = Promise.withResolvers<void>()
        using watching = second.watch((where) => {
          if (where === 'anywhere' || (typeof where === 'object' && where.service === 'builder')) rung.resolve()
        })
        expect(watching).toBeDefined()
        second.offer('builder', true)
        await ledger.accept('builder', [wanted()], start)
        await rung.promise
      }))

    it('rings at once within one connection, and says where', () =>
      withLedger(async (ledger) => {
        const places: unknown[] = []
        using watching = ledger.watch((where) => places.push(where))
        expect(watching).toBeDefined()
        await ledger.accept('builder', [wanted()], start)
        await ledger.say(requested(), start)
        expect(places).toContainEqual({ service: 'builder' })
        expect(places).toContain('outbox')
      }))

    it('rings for the service alone whose job is put back, and for nobody when there was nothing to reclaim', () =>
      withLedger(async (ledger) => {
        await ledger.accept('builder', [wanted()], start)
        const [job] = await lease(ledger)
        const places: unknown[] = []
        using watching = ledger.watch((where) => places.push(where))
        expect(watching).toBeDefined()
        expect(await ledger.reclaim(() => true, start)).toBe(0)
        await ledger.putBack(job?.id ?? 0, 'a', { at: later(1), error: 'busy', counts: true })
        // Another connection may be told of anything at any time, which rings anywhere.
        expect(places.filter((where) => where !== 'anywhere')).toEqual([{ service: 'builder' }])
      }))

    it('asks nothing of the database for an empty list', () =>
      withLedger(async (ledger) => {
        expect(await ledger.accept('builder', [], start)).toBe(0)
        expect(await ledger.heartbeat([], 'a', start)).toEqual(new Map())
        await ledger.markSent([], start)
      }))

    it('counts what there is', () =>
      withLedger(async (ledger) => {
        await ledger.accept('builder', [wanted(), wanted()], start)
        await lease(ledger, { limit: 1 })
        await ledger.say(requested(), start)
        const { jobs, outbox } = await ledger.backlog(start)
        expect(outbox).toBe(1)
        expect(jobs).toContainEqual({ service: 'builder', state: 'queued', count: 1, oldest: start })
        expect(jobs).toContainEqual({ service: 'builder', state: 'running', count: 1, oldest: start })
      }))
  })
}
