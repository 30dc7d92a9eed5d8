import { describe, expect, it } from 'vitest'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageRequested } from '#events/image-requested.ts'
import type { Delivery } from './delivery.ts'
import type { Job, Ledger } from './ledger.ts'
import type { Capacity, Needs } from './needs.ts'
import { wanted, type Data } from './testing/ledger.ts'

/** What every ledger promises of jobs that need something of their host, and of the order in which jobs are taken. */
export function testLedgerPlacement(name: string, prepare: () => Promise<Data>): void {
  const start = new Date('2026-01-01T00:00:00Z')
  const later = (seconds: number) => new Date(start.getTime() + seconds * 1_000)
  const host: Capacity = {
    host: 'one',
    cores: 4,
    memoryMib: 4_000,
    diskMib: 10_000,
    kvm: false,
    root: false,
    architectures: ['x86_64', 'i686'],
  }
  const needing = (needs: Needs, order: Pick<Delivery, 'priority' | 'share' | 'preemptible'> = {}) => ({
    ...wanted(),
    needs,
    ...order,
  })

  interface Asked {
    readonly owner?: string
    readonly at?: number
    readonly service?: string
    readonly capacity?: Capacity
  }
  function take(ledger: Ledger, { owner = 'a', at = 0, service = 'builder', capacity = host }: Asked = {}) {
    return ledger.lease(service, { owner, now: later(at), until: later(at + 30), limit: 10, capacity })
  }
  async function takeAll(ledger: Ledger, asked: Asked = {}): Promise<Job[]> {
    const all: Job[] = []
    for (let jobs = await take(ledger, asked); jobs.length > 0; jobs = await take(ledger, asked)) all.push(...jobs)
    return all
  }
  async function withLedger(body: (ledger: Ledger, open: () => Promise<Ledger>) => Promise<void>): Promise<void> {
    await using data = await prepare()
    await using ledger = await data.open()
    await body(ledger, data.open)
  }
  const taken = (...services: string[]) => services.map((service) => ({ service, slots: 4 }))
  function ofImage(flavour: string): Delivery {
    const delivery = wanted()
    const body = { ...imageRequested.example, image: { ...imageRequested.example.image, flavour } }
    return { ...delivery, envelope: { ...delivery.envelope, body } }
  }
  /** Does a job that takes so many seconds. */
  async function makeOne(ledger: Ledger, service: string, flavour: string, seconds: number, at = 0): Promise<void> {
    await ledger.accept(service, [ofImage(flavour)], later(at))
    const [job] = await take(ledger, { service, at })
    await ledger.finish(job?.id ?? 0, 'a', { state: 'done', events: [] }, later(at + seconds))
  }
  const positions = (deliveries: readonly Delivery[], jobs: readonly Job[]) =>
    jobs.map((job) => deliveries.findIndex((one) => one.envelope.id === job.envelope.id))

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

  describe(`in which order the ${name} ledger hands out jobs`, () => {
    it('gives what has priority before what is older', () =>
      withLedger(async (ledger) => {
        const deliveries = [2, 1, 0, 1].map((priority) => needing({}, { priority }))
        await ledger.accept('builder', deliveries, start)
        expect(positions(deliveries, await takeAll(ledger))).toEqual([2, 1, 3, 0])
      }))

    it('does one drop of each share after the other, however many one has', () =>
      withLedger(async (ledger) => {
        const of = (share: string, ...drops: number[]) =>
          drops.map((drop) => {
            const one = needing({}, { share })
            return { ...one, envelope: { ...one.envelope, drop: `nightly-${share}-${String(drop)}` } }
          })
        const many = of('Fedora-43', 1, 1, 2, 2, 3, 3)
        await ledger.accept('builder', many, start)
        const first = await take(ledger)
        const few = of('Fedora-44', 1, 1, 2)
        await ledger.accept('builder', few, start)
        const late = of('Fedora-43', 1)
        await ledger.accept('builder', late, start)
        const all = [...many, ...few, ...late]
        expect(positions(all, [...first, ...(await takeAll(ledger))])).toEqual([0, 1, 6, 7, 9, 2, 3, 8, 4, 5])
      }))

    it('gives what has the longest way before it first, by what such jobs took before; what was never made before all', () =>
      withLedger(async (ledger) => {
        const took = { plain: [10, 30], slow: [20], other: [25] }
        const test = { plain: 10, slow: 60, other: 20 }
        for (const [flavour, seconds] of Object.entries(took)) {
          for (const one of seconds) await makeOne(ledger, 'builder', flavour, one)
        }
        for (const [flavour, seconds] of Object.entries(test)) await makeOne(ledger, 'tester', flavour, seconds)
        const paths = [
          ['builder', 'converter'],
          ['builder', 'tester', 'publisher'],
        ]
        const flavours = ['plain', 'other', 'new', 'slow', 'plain']
        const deliveries = flavours.map((flavour) => ({ ...ofImage(flavour), paths }))
        await ledger.accept('builder', deliveries, start)
        const all = await takeAll(ledger, { capacity: { ...host, cores: 100 } })
        expect(positions(deliveries, all)).toEqual([2, 3, 1, 0, 4])
        expect(all.map(({ expected }) => expected)).toEqual([null, 20_000, 25_000, 20_000, 20_000])
      }))

    it('begins one of each basis before the others, whether anything is known of them or not', () =>
      withLedger(async (ledger) => {
        const deliveries = ['a', 'a', 'b', 'b'].map((basis, index) => {
          return { ...ofImage(`flavour-${String(index)}`), paths: [['builder']], basis }
        })
        await ledger.accept('builder', deliveries, start)
        expect(positions(deliveries, await takeAll(ledger))).toEqual([0, 2, 1, 3])
        for (const [index, seconds] of [10, 20, 30, 40].entries()) {
          await makeOne(ledger, 'builder', `flavour-${String(index)}`, seconds)
        }
        const again = deliveries.map((one) => ({ ...one, envelope: { ...one.envelope, id: wanted().envelope.id } }))
        await ledger.accept('builder', again, start)
        expect(positions(again, await takeAll(ledger))).toEqual([3, 1, 2, 0])
      }))

    it('learns from the last ten of a kind only', () =>
      withLedger(async (ledger) => {
        await makeOne(ledger, 'builder', 'plain', 1_000)
        for (let count = 0; count < 10; count += 1) await makeOne(ledger, 'builder', 'plain', 20, 2_000 + count * 100)
        await ledger.accept('builder', [{ ...ofImage('plain'), paths: [['builder']] }], later(10_000))
        expect(await take(ledger, { at: 10_000 })).toMatchObject([{ expected: 20_000 }])
      }))

    it('lets no longer way pass what has its turn before', () =>
      withLedger(async (ledger) => {
        await makeOne(ledger, 'builder', 'plain', 10)
        await makeOne(ledger, 'builder', 'slow', 20)
        const deliveries = ['plain', 'slow'].map((flavour, index) => {
          const { envelope } = ofImage(flavour)
          const share = { share: 'Fedora-44', paths: [['builder']], needs: {} }
          return { ...wanted(), ...share, envelope: { ...envelope, drop: `nightly-${String(index)}` } }
        })
        await ledger.accept('builder', deliveries, start)
        expect(positions(deliveries, await takeAll(ledger))).toEqual([0, 1])
      }))

    it('lets no longer way pass a drop of another share that came before', () =>
      withLedger(async (ledger) => {
        await makeOne(ledger, 'builder', 'plain', 10)
        await makeOne(ledger, 'builder', 'slow', 20)
        const of = (flavour: string, share: string) => {
          const one = { ...ofImage(flavour), share, paths: [['builder']], needs: {} }
          return { ...one, envelope: { ...one.envelope, drop: `nightly-${share}` } }
        }
        const deliveries = [of('plain', 'a'), of('slow', 'b'), of('plain', 'a')]
        for (const [at, one] of deliveries.entries()) await ledger.accept('builder', [one], later(at))
        expect(positions(deliveries, await takeAll(ledger, { at: 10 }))).toEqual([0, 2, 1])
      }))

    it('lets no share pass what has priority', () =>
      withLedger(async (ledger) => {
        const nightly = needing({}, { priority: 2, share: 'Fedora-44' })
        const milestone = [1, 2, 3].map(() => needing({}, { priority: 0, share: 'Fedora-43' }))
        await ledger.accept('builder', [nightly], start)
        await ledger.accept('builder', milestone, start)
        expect(positions([nightly, ...milestone], await takeAll(ledger))).toEqual([1, 2, 3, 0])
      }))
  })
}
