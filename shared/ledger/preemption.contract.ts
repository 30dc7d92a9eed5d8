import { describe, expect, it } from 'vitest'
import type { Delivery } from './delivery.ts'
import type { Job, Ledger } from './ledger.ts'
import type { Needs } from './needs.ts'
import { later, withLedgerOf, type Data } from './testing/ledger.ts'
import { host, needing, take, taken } from './testing/placement.ts'

/** What every ledger promises of jobs that end for a milestone that has no room. */
export function testLedgerPreemption(name: string, prepare: () => Promise<Data>): void {
  const start = later(0)
  const withLedger = withLedgerOf(prepare)

  describe(`how the ${name} ledger makes room for milestones`, () => {
    const other = { ...host, host: 'other' }
    const nightly = (needs: Needs) => needing(needs, { priority: 2, preemptible: true })
    const milestone = (needs: Needs) => needing(needs, { priority: 0 })
    const make = (ledger: Ledger, { at = 10, capacity = host, owner = 'a' } = {}) =>
      ledger.makeRoom('builder', { owner, now: later(at), capacity })
    /** A host whose worker runs such jobs, each begun a second after the one before, and a milestone's job that waits. */
    async function full(ledger: Ledger, running: readonly Delivery[], waits: Delivery): Promise<Job[]> {
      await ledger.present(taken('builder', 'converter'), 'a', host, start)
      await ledger.accept('converter', running, start)
      const jobs: Job[] = []
      for (let at = 0; at < running.length; at += 1) jobs.push(...(await take(ledger, { service: 'converter', at })))
      await ledger.accept('builder', [waits], start)
      return jobs
    }
    async function preemptedOf(ledger: Ledger, jobs: readonly Job[]): Promise<number[]> {
      const ids = jobs.map(({ id }) => id)
      const held = await ledger.heartbeat(ids, 'a', later(60))
      return ids.flatMap((id, index) => (typeof held.get(id) === 'object' ? [index] : []))
    }

    it('has a job end, whose owner hears for what, and keeps its room for the one that it was made for', () =>
      withLedger(async (ledger) => {
        const waits = milestone({ cores: 3 })
        const [job, ...more] = await full(ledger, [nightly({ cores: 3 })], waits)
        expect(more).toEqual([])
        expect(await make(ledger)).toBe(1)
        const preemptedBy = `builder of ec2.x86_64 of ${String(waits.envelope.drop)}`
        expect((await ledger.heartbeat([job?.id ?? 0], 'a', later(60))).get(job?.id ?? 0)).toEqual({ preemptedBy })
        expect(await make(ledger, { at: 12 })).toBe(0)
        await ledger.putBack(job?.id ?? 0, 'a', { at: later(11), error: 'preempted', counts: false })
        // It would fit, but for what the room is kept for.
        expect(await take(ledger, { service: 'converter', at: 12 })).toEqual([])
        const [first] = await take(ledger, { at: 12 })
        expect(first?.envelope.id).toBe(waits.envelope.id)
        await ledger.finish(first?.id ?? 0, 'a', { state: 'done', events: [] }, later(13))
        const [again] = await take(ledger, { service: 'converter', at: 14 })
        expect(again).toMatchObject({ id: job?.id, attempts: 1, error: 'preempted' })
        expect((await ledger.heartbeat([again?.id ?? 0], 'a', later(60))).get(again?.id ?? 0)).toBe('held')
      }))

    it('keeps the room for a minute only', () =>
      withLedger(async (ledger) => {
        const [job] = await full(ledger, [nightly({ cores: 3 })], milestone({ cores: 3 }))
        await make(ledger)
        await ledger.putBack(job?.id ?? 0, 'a', { at: later(11), error: null, counts: false })
        expect(await take(ledger, { service: 'converter', at: 69 })).toEqual([])
        expect(await take(ledger, { service: 'converter', at: 71 })).toHaveLength(1)
      }))

    it.each<[string, Needs[], Needs, number[]]>([
      ['the one that lost least', [{ cores: 1 }, { cores: 1 }, { cores: 1 }, { cores: 1 }], { cores: 1 }, [3]],
      ['the one that is enough', [{ cores: 2 }, { cores: 1 }, { cores: 1 }], { cores: 2 }, [0]],
      ['several that are enough together', [{ cores: 2 }, { cores: 1 }, { cores: 1 }], { cores: 3 }, [0, 1, 2]],
      ['none when all together are not enough', [{ memoryMib: 3_000 }], { cores: 5 }, []],
      ['none while there is room', [{ cores: 1 }], { cores: 3 }, []],
    ])('ends %s', (_what, running, needs, ended) =>
      withLedger(async (ledger) => {
        const jobs = await full(ledger, running.map(nightly), milestone(needs))
        expect(await make(ledger)).toBe(ended.length)
        expect(await preemptedOf(ledger, jobs)).toEqual(ended)
      }),
    )

    it('ends one of its own where a worker does as many jobs as it can', () =>
      withLedger(async (ledger) => {
        await ledger.present([{ service: 'builder', slots: 1 }], 'a', host, start)
        const own = nightly({ cores: 1 })
        await ledger.accept('builder', [own], start)
        const [job] = await take(ledger)
        await ledger.accept('converter', [nightly({ cores: 1 })], start)
        const [others] = await take(ledger, { service: 'converter', at: 1 })
        await ledger.accept('builder', [milestone({ cores: 1 })], start)
        expect(await make(ledger)).toBe(1)
        expect(
          await preemptedOf(
            ledger,
            [job, others].filter((one) => one !== undefined),
          ),
        ).toEqual([0])
      }))

    it('ends nothing where another host has room, nor for what is not of a milestone, nor what may not be preempted', () =>
      withLedger(async (ledger) => {
        await full(ledger, [nightly({ cores: 4 })], needing({ cores: 1 }, { priority: 1 }))
        expect(await make(ledger)).toBe(0)
        await ledger.accept('builder', [milestone({ cores: 1 })], start)
        await ledger.present(taken('builder'), 'b', other, start)
        expect(await make(ledger)).toBe(0)
        await ledger.leave('b')
        expect(await make(ledger)).toBe(1)
      }))

    it('ends no job that may not be preempted, and none for the third time', () =>
      withLedger(async (ledger) => {
        const [spared] = await full(ledger, [needing({ cores: 4 }, { priority: 2 })], milestone({ cores: 4 }))
        expect(await make(ledger)).toBe(0)
        await ledger.finish(spared?.id ?? 0, 'a', { state: 'done', events: [] }, later(1))
        await ledger.accept('converter', [nightly({ cores: 4 })], start)
        const times: number[] = []
        for (let time = 100; time <= 300; time += 100) {
          await ledger.present(taken('builder'), 'a', host, later(time))
          const [job] = await take(ledger, { service: 'converter', at: time })
          times.push(await make(ledger, { at: time + 10 }))
          await ledger.putBack(job?.id ?? 0, 'a', { at: later(time + 20), error: null, counts: false })
        }
        expect(times).toEqual([1, 1, 0])
      }))
  })
}
