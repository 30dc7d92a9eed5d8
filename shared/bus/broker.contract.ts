import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { say } from '#events/define.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { dropRequested } from '#events/operator.ts'
import { testFaults, type BrokerWorld } from './broker-faults.contract.ts'
import { asSaid, eventually, idsOf, listen, progressOf, requested } from './bus.contract.ts'

export type { BrokerWorld, DeadLetter } from './broker-faults.contract.ts'

/** What a bus promises that keeps events at a broker. */
export function testBroker(name: string, prepare: () => Promise<BrokerWorld>): void {
  describe(`the ${name} broker`, { timeout: 180_000 }, () => {
    it('keeps events for a service that was only prepared, and has them for it when it comes', async () => {
      await using world = await prepare()
      const events = Array.from({ length: 5 }, requested)
      {
        await using bus = await world.open()
        await bus.prepare([interest])
        await bus.publish(events)
      }
      await using later = await world.open()
      const heard = await listen(later, 'builder')
      await eventually(() => {
        expect(heard).toEqual(events)
      })
    })

    it('delivers over several connections to every service once, and to one competitor each', async () => {
      await using world = await prepare()
      await using publisher = await world.open()
      await using first = await world.open()
      await using second = await world.open()
      const one = await listen(first, 'builder')
      const other = await listen(second, 'builder')
      const converter = await listen(second, 'converter')
      const events = Array.from({ length: 30 }, requested)
      await publisher.publish(events)
      await eventually(() => {
        expect(idsOf([...one, ...other])).toEqual(idsOf(events))
        expect(idsOf(converter)).toEqual(idsOf(events))
      })
    })

    it('hands a slow consumer no more than the prefetch, and a competitor the rest', async () => {
      await using world = await prepare()
      await using slowBus = await world.open()
      await using quickBus = await world.open()
      const release = Promise.withResolvers<undefined>()
      const outstanding: Envelope[] = []
      await slowBus.subscribe({
        ...interest,
        deliver: async (events) => {
          outstanding.push(...asSaid(events))
          await release.promise
        },
      })
      const first = requested()
      await quickBus.publish([first])
      await eventually(() => {
        expect(outstanding).toEqual([first])
      })
      const quick = await listen(quickBus, 'builder')
      const events = Array.from({ length: world.prefetch * 5 }, requested)
      await quickBus.publish(events)
      await eventually(() => {
        expect(quick.length).toBeGreaterThanOrEqual(events.length - world.prefetch)
      })
      expect(outstanding.length).toBeLessThanOrEqual(world.prefetch)
      release.resolve(undefined)
      await eventually(() => {
        expect(idsOf([...outstanding, ...quick])).toEqual(idsOf([first, ...events]))
      })
    })

    it('sends an event at once, also when something small went out a moment before', async () => {
      await using world = await prepare()
      await using bus = await world.open()
      await listen(bus, 'builder')
      async function time(before: () => void): Promise<number> {
        const times: number[] = []
        for (let round = 0; round < 15; round += 1) {
          before()
          await sleep(3)
          const began = performance.now()
          await bus.publish([requested()])
          times.push(performance.now() - began)
        }
        return times.toSorted((one, other) => one - other)[7] ?? 0
      }
      const alone = await time(() => {})
      let count = 0
      const after = await time(() => {
        bus.signal(progressOf(String((count += 1))))
      })
      // TCP would wait 40 ms for more to send with it.
      expect(after - alone).toBeLessThan(25)
    })

    it('keeps a backlog of 10 MB, in order, until somebody listens', async () => {
      await using world = await prepare()
      await using bus = await world.open()
      await bus.prepare([{ service: 'scheduler', subjects: [dropRequested.subject] }])
      const message = { ...dropRequested.example.message, notes: 'x'.repeat(100_000) }
      const event = say(dropRequested, { ...dropRequested.example, message })
      const events = Array.from({ length: 105 }, () => seal(event, { now: new Date() }))
      for (let start = 0; start < events.length; start += 35) await bus.publish(events.slice(start, start + 35))
      await using later = await world.open()
      const heard = await listen(later, 'scheduler', [dropRequested.subject])
      await eventually(() => {
        expect(heard.map(({ id }) => id)).toEqual(events.map(({ id }) => id))
      })
      expect(heard.at(-1)).toEqual(events.at(-1))
      expect(bus.state().bytesOut).toBeGreaterThan(10_000_000)
      expect(later.state().bytesIn).toBeGreaterThan(10_000_000)
    })

    it('gives what was published twice the same id each time', async () => {
      await using world = await prepare()
      await using bus = await world.open()
      const heard = await listen(bus, 'builder')
      const [event, last] = [requested(), requested()]
      await bus.publish([event])
      await bus.publish([event, last])
      await eventually(() => {
        expect(heard).toContainEqual(last)
      })
      const copies = heard.filter(({ id }) => id !== last.id)
      expect(copies.length).toBeGreaterThan(0)
      for (const copy of copies) expect(copy).toEqual(event)
    })

    it('shows progress over connections', async () => {
      await using world = await prepare()
      await using worker = await world.open()
      await using screen = await world.open()
      const seen: string[] = []
      using _watching = screen.watch(({ service, phase }) => seen.push(`${service}: ${phase}`))
      await eventually(() => {
        worker.signal(progressOf('packages'))
        expect(seen).toContain('builder: packages')
      })
    })
  })
  testFaults(name, prepare)
}

const interest = { service: 'builder', subjects: ['image.requested.v1'] }
