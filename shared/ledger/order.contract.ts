import { describe, expect, it } from 'vitest'
import { imageRequested } from '#events/image-requested.ts'
import type { Delivery } from './delivery.ts'
import type { Ledger } from './ledger.ts'
import { later, wanted, withLedgerOf, type Data } from './testing/ledger.ts'
import { host, needing, positions, take, takeAll } from './testing/placement.ts'

/** What every ledger promises of the order in which jobs are taken. */
export function testLedgerOrder(name: string, prepare: () => Promise<Data>): void {
  const start = later(0)
  const withLedger = withLedgerOf(prepare)

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
