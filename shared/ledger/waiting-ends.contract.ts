import { describe, expect, it } from 'vitest'
import { LeaseLost } from './ledger.ts'
import { ending, later, lease, requested, waking, wanted, withLedgerOf, type Data } from './testing/ledger.ts'
import { accept, begin, only, park } from './testing/waiting.ts'

/** What becomes of work that waits when its drop ends or is taken up again, in every ledger. */
export function testLedgerWaitingEnds(name: string, prepare: () => Promise<Data>): void {
  const withLedger = withLedgerOf(prepare)

  describe(`the end of work that waits in the ${name} ledger`, () => {
    it('is ended with the other work on its drop', () =>
      withLedger(async (ledger) => {
        const job = await begin(ledger)
        await park(ledger, job.id)
        await accept(ledger, ending(), 1)
        await accept(ledger, waking('task 1'), 2)
        expect(await lease(ledger, { at: 4_000 })).toEqual([])
        expect(only(await ledger.jobs({ states: ['cancelled'] }))).toMatchObject({ id: job.id, waiting: null })
      }))

    it('does not begin to wait when its drop has just ended', () =>
      withLedger(async (ledger) => {
        const job = await begin(ledger)
        await accept(ledger, ending(), 1)
        await expect(park(ledger, job.id, { events: [requested()] })).rejects.toThrow(LeaseLost)
        expect(await ledger.heartbeat([job.id], 'a', later(60))).toEqual(new Map([[job.id, 'cancelled']]))
        expect(await ledger.events({})).toEqual([])
      }))

    it('is leased once more, whatever it waits for, when its service cleans up after ended work', () =>
      withLedger(async (ledger) => {
        const waits = await begin(ledger)
        await park(ledger, waits.id)
        const failed = await begin(ledger)
        await ledger.putBack(failed.id, 'a', { at: later(500), error: 'busy', counts: true })
        await accept(ledger, wanted())
        const running = only(await lease(ledger))
        await accept(ledger, wanted())
        await accept(ledger, ending({ abandons: true }), 1)
        // What never began has left nothing behind.
        expect(await ledger.jobs({ states: ['cancelled'] })).toHaveLength(1)
        const leased = await lease(ledger, { at: 1 })
        expect(leased.map((job) => job.id)).toEqual([waits.id, failed.id])
        for (const job of leased) expect(job).toMatchObject({ cancelRequested: true, attempts: 1 })
        expect(leased[0]?.waited?.state).toEqual({ task: 1 })
        await ledger.putBack(running.id, 'a', { at: later(1), error: null, counts: false })
        expect(only(await lease(ledger, { at: 2 }))).toMatchObject({ cancelRequested: true, attempts: 1 })
      }))

    it('is quarantined when it cannot be cleaned up after, and finished as cancelled when it can', () =>
      withLedger(async (ledger) => {
        const jobs = [await begin(ledger), await begin(ledger)]
        for (const job of jobs) await park(ledger, job.id)
        await accept(ledger, ending({ abandons: true }), 1)
        const [one, other] = await lease(ledger, { at: 1 })
        await ledger.finish(one?.id ?? 0, 'a', { state: 'cancelled', events: [] }, later(2))
        const outcome = { state: 'quarantined', events: [], error: 'the hub is gone' } as const
        await expect(ledger.finish(other?.id ?? 0, 'a', outcome, later(2))).rejects.toThrow(LeaseLost)
        await ledger.finish(other?.id ?? 0, 'a', { ...outcome, whileCancelled: true }, later(2))
        expect((await ledger.jobs({})).slice(0, 2).map((job) => job.state)).toEqual(['cancelled', 'quarantined'])
      }))

    it.each([
      ['ended', false],
      ['was still to be cleaned up after', true],
    ])('begins anew when a person takes it up again after it %s', (_what, abandons) =>
      withLedger(async (ledger) => {
        const job = await begin(ledger)
        await park(ledger, job.id)
        const end = ending({ abandons })
        await accept(ledger, end, 1)
        expect(await ledger.replay(end.envelope.drop ?? '', later(2))).toBe(1)
        const again = only(await lease(ledger, { at: 2 }))
        expect(again).toMatchObject({ id: job.id, attempts: 1, waited: null, cancelRequested: false })
      }),
    )

    it('is left to wait when a person takes up what else of its drop has failed', () =>
      withLedger(async (ledger) => {
        const [waits, failed] = [await begin(ledger), await begin(ledger)]
        await park(ledger, waits.id)
        await ledger.finish(failed.id, 'a', { state: 'failed', events: [] }, later(1))
        expect(await ledger.replay(failed.drop ?? '', later(2))).toBe(1)
        expect((await ledger.jobs({})).map((job) => job.state)).toEqual(['waiting', 'queued'])
      }))
  })
}
