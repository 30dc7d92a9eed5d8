import { describe, expect, it } from 'vitest'
import { later, lease, requested, unsent, wanted, withLedgerOf, type Data } from './testing/ledger.ts'

/** What every ledger promises of the events that are to be sent: by whom, and each until it is. */
export function testLedgerOutbox(name: string, prepare: () => Promise<Data>): void {
  const start = later(0)
  const withLedger = withLedgerOf(prepare)

  describe(`the outbox of the ${name} ledger`, () => {
    it('has what dead owners did not send sent at once by another', () =>
      withLedger(async (ledger) => {
        await ledger.accept('builder', [wanted()], start)
        const [job] = await lease(ledger, { owner: 'dead' })
        await ledger.finish(job?.id ?? 0, 'dead', { state: 'done', events: [requested()] }, later(1))
        expect(await unsent(ledger, { at: 2 })).toEqual([])
        await ledger.reclaim((owner) => owner !== 'dead', later(2))
        expect(await unsent(ledger, { at: 2 })).toHaveLength(1)
      }))

    it('says an event of one id once', () =>
      withLedger(async (ledger) => {
        const event = requested()
        await ledger.say(event, start)
        await ledger.say(event, start)
        const rows = await unsent(ledger)
        expect(rows).toHaveLength(1)
        await ledger.markSent(
          rows.map((row) => row.seq),
          later(1),
        )
        await ledger.say(event, start)
        expect(await unsent(ledger)).toEqual([])
        expect(await ledger.events({ drop: event.drop ?? '' })).toHaveLength(1)
      }))

    it('gives an event to one sender at a time, and to another when the first is gone', () =>
      withLedger(async (ledger, open) => {
        await using second = await open()
        await ledger.say(requested(), start)
        const [mine, theirs] = await Promise.all([unsent(ledger), unsent(second, { owner: 'b' })])
        expect(mine.length + theirs.length).toBe(1)
        const [holder, other] = mine.length === 1 ? ['a', 'b'] : ['b', 'a']
        expect(await unsent(ledger, { owner: holder })).toHaveLength(1)
        expect(await unsent(second, { owner: other, at: 29 })).toEqual([])
        expect(await unsent(second, { owner: other, at: 31 })).toHaveLength(1)
      }))

    it('has the events of a job sent by the process that did it, unless that is gone', () =>
      withLedger(async (ledger) => {
        await ledger.accept('builder', [wanted()], start)
        const [job] = await lease(ledger)
        await ledger.finish(job?.id ?? 0, 'a', { state: 'done', events: [requested()] }, later(1))
        expect(await unsent(ledger, { owner: 'b', at: 1 })).toEqual([])
        expect(await unsent(ledger, { at: 1 })).toHaveLength(1)
        expect(await unsent(ledger, { owner: 'b', at: 60 })).toHaveLength(1)
      }))

    it('has what a process says by itself sent by that process', () =>
      withLedger(async (ledger) => {
        const events = [requested(), requested()]
        for (const event of events) await ledger.say(event, start, { service: 'builder', owner: 'a' })
        expect(await unsent(ledger, { owner: 'b' })).toEqual([])
        expect((await unsent(ledger)).map((row) => row.envelope)).toEqual(events)
      }))

    it('has what a service says sent by its own processes, also when the one that said it is gone', () =>
      withLedger(async (ledger) => {
        const event = requested()
        await ledger.say(event, start, { service: 'converter', owner: 'gone' })
        expect(await unsent(ledger, { owner: 'b', at: 60 })).toEqual([])
        const ofConverter = { services: ['converter'], subjects: [] }
        const times = { now: later(60), until: later(90) }
        const rows = await ledger.takeUnsent({ ...ofConverter, owner: 'b', ...times, limit: 10 })
        expect(rows).toMatchObject([{ service: 'converter', envelope: event }])
      }))

    it('knows who asked for something, whatever the request says of its sender', () =>
      withLedger(async (ledger) => {
        const event = { ...requested(), sender: 'somebody else' }
        await ledger.say(event, start)
        const account = await ledger.account()
        expect(account).not.toBe('')
        expect(await unsent(ledger)).toMatchObject([{ service: null, envelope: { id: event.id, sender: account } }])
        const [seen] = await ledger.events({ drop: event.drop ?? '' })
        expect(seen?.envelope).toEqual({ ...event, sender: account })
        const other = { services: ['builder'], subjects: ['image.built.v1'] }
        expect(await ledger.takeUnsent({ ...other, owner: 'b', now: later(60), until: later(90), limit: 10 })).toEqual(
          [],
        )
      }))

    it('leaves out what cannot be sent at the moment', () =>
      withLedger(async (ledger) => {
        const events = [requested(), requested()]
        for (const event of events) await ledger.say(event, start)
        const [first] = await unsent(ledger)
        const rest = await unsent(ledger, { except: [first?.seq ?? 0] })
        expect(rest.map((row) => row.envelope.id)).toEqual(events.slice(1).map(({ id }) => id))
      }))
  })
}
