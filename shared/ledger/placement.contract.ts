import { describe, expect, it } from 'vitest'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import type { Delivery } from './delivery.ts'
import type { Ledger } from './ledger.ts'
import type { Capacity, Needs } from './needs.ts'
import { later, withLedgerOf, type Data } from './testing/ledger.ts'
import { host, needing, positions, take, takeAll, taken } from './testing/placement.ts'

/** What every ledger promises of jobs that need something of their host. */
export function testLedgerPlacement(name: string, prepare: () => Promise<Data>): void {
  const start = later(0)
  const withLedger = withLedgerOf(prepare)

  describe(`where the ${name} ledger lets jobs run`, () => {
    it.each<[string, Needs, Capacity]>([
      ['cores', { cores: 4.5 }, { ...host, cores: 5 }],
      ['memory', { memoryMib: 4_001 }, { ...host, memoryMib: 4_001 }],
      ['disk', { diskMib: 10_001 }, { ...host, diskMib: 10_001 }],
      ['kvm', { kvm: true }, { ...host, kvm: true }],
      ['root', { root: true }, { ...host, root: true }],
      ['architecture', { architecture: 'aarch64' }, { ...host, architectures: ['aarch64'] }],
    ])('gives a job to a host with the %s that it needs, and to no other', (_what, needs, capacity) =>
      withLedger(async (ledger) => {
        await ledger.accept('builder', [needing(needs)], start)
        expect(await take(ledger)).toEqual([])
        expect(await take(ledger, { capacity })).toMatchObject([{ needs, host: 'one' }])
      }),
    )

    it('gives what fits, although what is before it does not', () =>
      withLedger(async (ledger) => {
        const deliveries = [needing({ kvm: true }), needing({ cores: 1 })]
        await ledger.accept('builder', deliveries, start)
        expect(positions(deliveries, await takeAll(ledger))).toEqual([1])
      }))

    it('never gives a host more than it has, for whichever services and processes', () =>
      withLedger(async (ledger, open) => {
        await using second = await open()
        const many = Array.from({ length: 6 }, () => needing({ cores: 1.5, memoryMib: 500 }))
        await ledger.accept('builder', many, start)
        await ledger.accept('converter', many, start)
        const all = await Promise.all([
          takeAll(ledger),
          takeAll(second, { owner: 'b' }),
          takeAll(second, { owner: 'c', service: 'converter' }),
        ])
        expect(all.flat()).toHaveLength(2)
        expect(await take(ledger, { capacity: { ...host, host: 'other' } })).toHaveLength(1)
      }))

    it('gives the next when one has ended, was put back, waits, or its lease ran out', () =>
      withLedger(async (ledger) => {
        await ledger.accept(
          'builder',
          Array.from({ length: 5 }, () => needing({ memoryMib: 4_000 })),
          start,
        )
        const [first] = await take(ledger)
        expect(await take(ledger)).toEqual([])
        await ledger.finish(first?.id ?? 0, 'a', { state: 'done', events: [] }, later(1))
        const [second] = await take(ledger)
        await ledger.putBack(second?.id ?? 0, 'a', { at: later(1_000), error: null, counts: true })
        const [third] = await take(ledger)
        const wait = { for: null, until: later(1_000), reason: 'a task', state: {}, events: [] }
        await ledger.park(third?.id ?? 0, 'a', wait, later(1))
        expect(await take(ledger)).toHaveLength(1)
        expect(await take(ledger, { at: 29 })).toEqual([])
        expect(await take(ledger, { at: 31 })).toHaveLength(1)
      }))

    it('counts nothing for those who ask without a host', () =>
      withLedger(async (ledger) => {
        await ledger.accept('builder', [needing({ kvm: true, cores: 100 }), needing({})], start)
        const jobs = await ledger.lease('builder', { owner: 'a', now: start, until: later(30), limit: 10 })
        expect(jobs).toMatchObject([{ host: null }, { host: null }])
      }))

    it('tells which jobs wait in vain for a worker, and why', () =>
      withLedger(async (ledger) => {
        const needs = [{ kvm: true }, { kvm: true }, { cores: 1 }, { kvm: true, memoryMib: 5_000 }]
        await ledger.accept(
          'builder',
          needs.map((one) => needing(one)),
          start,
        )
        expect(await ledger.unfit(start)).toEqual([])
        await ledger.present(taken('builder', 'converter'), 'a', host, start)
        await ledger.present(taken('builder'), 'b', { ...host, memoryMib: 8_000 }, start)
        const unfit = { service: 'builder', reason: 'no worker has kvm', count: 3, oldest: start }
        expect(await ledger.unfit(start)).toEqual([unfit])
        await ledger.present(taken('builder'), 'b', { ...host, kvm: true }, later(1))
        const reason = 'no worker has all of kvm, 5000 MiB of memory'
        await ledger.present(taken('builder'), 'a', { ...host, memoryMib: 8_000 }, later(1))
        expect(await ledger.unfit(later(1))).toEqual([{ ...unfit, reason, count: 1 }])
      }))

    it('knows the workers that have said so lately and have not left', () =>
      withLedger(async (ledger) => {
        await ledger.present(taken('builder'), 'a', host, start)
        await ledger.present(taken('builder'), 'b', { ...host, cores: 8 }, later(60))
        expect(await ledger.workers(later(60))).toEqual([
          { service: 'builder', owner: 'a', slots: 4, capacity: host },
          { service: 'builder', owner: 'b', slots: 4, capacity: { ...host, cores: 8 } },
        ])
        expect(await ledger.workers(later(100))).toMatchObject([{ owner: 'b' }])
        await ledger.leave('b')
        expect(await ledger.workers(later(60))).toMatchObject([{ owner: 'a' }])
      }))
  })

  describe(`near to what hosts the ${name} ledger lets jobs run`, () => {
    const other = { ...host, host: 'other' }
    const needs = { cores: 1 }
    /** The delivery of what is built on a host. */
    async function built(ledger: Ledger, on: Capacity): Promise<Delivery> {
      const asked = needing(needs)
      await ledger.accept('builder', [asked], start)
      const [job] = await take(ledger, { owner: on.host, capacity: on })
      if (job?.envelope.id !== asked.envelope.id) throw new Error('another job was due')
      const envelope = seal(say(imageBuilt, imageBuilt.example), { now: start, causation: job.envelope })
      await ledger.finish(job.id, on.host, { state: 'done', events: [envelope] }, start)
      return { ...needing(needs), envelope }
    }
    const convert = (ledger: Ledger, capacity: Capacity, at = 0) =>
      take(ledger, { service: 'converter', owner: capacity.host, capacity, at })
    async function present(ledger: Ledger, ...hosts: Capacity[]): Promise<void> {
      for (const one of hosts) await ledger.present(taken('converter'), one.host, one, start)
    }

    it('leaves what was made on a host to that host for some seconds, then gives it to whoever asks', () =>
      withLedger(async (ledger) => {
        await present(ledger, host, other)
        await ledger.accept('converter', [await built(ledger, host), await built(ledger, host)], start)
        expect(await convert(ledger, other)).toEqual([])
        expect(await convert(ledger, host)).toHaveLength(1)
        expect(await convert(ledger, other, 4)).toEqual([])
        expect(await convert(ledger, other, 5)).toHaveLength(1)
      }))

    it.each<[string, (ledger: Ledger) => Promise<unknown>]>([
      ['is gone', () => Promise.resolve()],
      ['has no room', (ledger) => ledger.present(taken('converter'), host.host, { ...host, cores: 0.5 }, start)],
      ['does as many jobs as it does at a time', (ledger) => fill(ledger, 4)],
    ])('does not wait for a host that %s', (_why, arrange) =>
      withLedger(async (ledger) => {
        const made = await built(ledger, host)
        await present(ledger, other)
        await arrange(ledger)
        await ledger.accept('converter', [made], start)
        expect(await convert(ledger, other)).toHaveLength(1)
      }),
    )
    async function fill(ledger: Ledger, count: number): Promise<void> {
      await ledger.present(taken('converter'), host.host, { ...host, cores: 100 }, start)
      const jobs = Array.from({ length: count }, () => needing({}))
      await ledger.accept('converter', jobs, start)
      for (let index = 0; index < count; index += 1) await convert(ledger, host)
    }

    it('gives each host what was made there, of what has one turn', () =>
      withLedger(async (ledger) => {
        await present(ledger, host, other)
        const deliveries = [await built(ledger, host), await built(ledger, other), await built(ledger, other)]
        await ledger.accept('converter', deliveries, start)
        expect(positions(deliveries, await convert(ledger, other, 60))).toEqual([1])
        expect(positions(deliveries, await convert(ledger, host, 60))).toEqual([0])
        expect(positions(deliveries, await convert(ledger, host, 60))).toEqual([2])
      }))

    it('lets nothing that is near pass what has priority', () =>
      withLedger(async (ledger) => {
        await present(ledger, host, other)
        const near = { ...(await built(ledger, host)), priority: 1 }
        const deliveries = [near, needing(needs, { priority: 0 })]
        await ledger.accept('converter', deliveries, start)
        expect(positions(deliveries, await convert(ledger, host))).toEqual([1])
      }))
  })
}
