import { describe, expect, it } from 'vitest'
import type { Delivery } from './delivery.ts'
import type { Job, Ledger } from './ledger.ts'
import { later, lease, patiently, requested, wanted, withLedgerOf, type Data } from './testing/ledger.ts'

/** What every ledger promises to many who use it at the same time. */
export function testLedgerCompetition(name: string, prepare: () => Promise<Data>): void {
  const start = later(0)
  const withLedger = withLedgerOf(prepare)

  describe(`many at the ${name} ledger`, () => {
    it('gives each job to one of many who ask at the same time', () =>
      withLedger(async (ledger, open) => {
        await using second = await open()
        await using third = await open()
        const deliveries = Array.from({ length: 60 }, () => wanted())
        await ledger.accept('builder', deliveries, start)
        const takeAll = async (from: Ledger, owner: string) => {
          const all: Job[] = []
          for (;;) {
            const jobs = await lease(from, { owner, limit: 3 })
            if (jobs.length === 0) return all
            all.push(...jobs)
          }
        }
        const askers = [ledger, second, third, ledger, second, third]
        const taken = (await Promise.all(askers.map((one, index) => takeAll(one, String(index))))).flat()
        const left = await lease(ledger, { limit: 100 })
        expect(new Set([...taken, ...left].map((job) => job.id)).size).toBe(60)
        expect(taken.length + left.length).toBe(60)
        expect([...taken, ...left].every((job) => job.attempts === 1)).toBe(true)
      }))

    it('runs jobs with one key one after the other when many ask at the same time', () =>
      withLedger(async (ledger, open) => {
        await using second = await open()
        const deliveries = Array.from({ length: 8 }, (_none, index) => wanted(index % 2 === 0 ? 'x' : 'y'))
        await ledger.accept('builder', deliveries, start)
        const order: string[] = []
        for (let round = 0; order.length < deliveries.length; round += 1) {
          expect(round).toBeLessThan(20)
          const found = await Promise.all([lease(ledger), lease(second, { owner: 'b' }), lease(ledger, { owner: 'c' })])
          const jobs = found.flatMap((some, index) => some.map((job) => ({ job, owner: 'abc'.charAt(index) })))
          const keys = jobs.map(({ job }) => keyOf(deliveries, job))
          expect(new Set(keys).size).toBe(keys.length)
          for (const { job, owner } of jobs) {
            order.push(job.envelope.id)
            await ledger.finish(job.id, owner, { state: 'done', events: [] }, later(1))
          }
        }
        const withKey = (ids: string[], key: string) =>
          ids.filter((id) => deliveries.find((one) => one.envelope.id === id)?.key === key)
        const arrived = deliveries.map((one) => one.envelope.id)
        for (const key of ['x', 'y']) expect(withKey(order, key)).toEqual(withKey(arrived, key))
      }))

    it('loses and doubles nothing when the database restarts in the middle', async (test) => {
      await using data = await prepare()
      if (!data.restart) return test.skip()
      await using ledger = await data.open()
      await using second = await data.open()
      const deliveries = Array.from({ length: 120 }, () => wanted())
      const restarted = data.restart()
      const chunks = Array.from({ length: 40 }, (_none, index) => deliveries.slice(index * 3, index * 3 + 3))
      const accepting = Promise.all(
        chunks.map((chunk, index) =>
          patiently(() => (index % 2 ? ledger : second).accept('builder', chunk, new Date())),
        ),
      )
      const doAll = async (from: Ledger, owner: string): Promise<void> => {
        for (let idle = 0; idle < 20;) {
          const now = new Date()
          const until = new Date(now.getTime() + 60_000)
          const jobs = await patiently(() => from.lease('builder', { owner, now, until, limit: 2 }))
          idle = jobs.length === 0 ? idle + 1 : 0
          const doneAt = new Date()
          for (const job of jobs) {
            const outcome = { state: 'done', events: [requested()] } as const
            await patiently(() => from.finish(job.id, owner, outcome, doneAt))
          }
          if (jobs.length === 0) await Promise.race([accepting, restarted])
        }
      }
      await Promise.all([restarted, accepting, doAll(ledger, 'a'), doAll(second, 'b')])
      await Promise.all([doAll(ledger, 'a'), doAll(second, 'b')])
      const jobs = await ledger.jobs({ service: 'builder' })
      expect(jobs).toHaveLength(deliveries.length)
      expect(jobs.filter((job) => job.state !== 'done' || job.attempts !== 1)).toEqual([])
      expect(await ledger.events({})).toHaveLength(deliveries.length)
      // A call whose answer the restart swallowed waits for its own limit, and one such wait can follow another.
    }, 120_000)
  })
}

function keyOf(deliveries: readonly Delivery[], job: Job): string | null {
  return deliveries.find((one) => one.envelope.id === job.envelope.id)?.key ?? null
}
