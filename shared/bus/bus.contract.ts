import { describe, expect, it } from 'vitest'
import { say } from '#events/define.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { imageRequested } from '#events/image-requested.ts'
import { InvalidEvent } from '#events/parse.ts'
import type { Bus } from './bus.ts'

/** What every bus promises, over a factory that gives a fresh one. */
export function testBus(name: string, createBus: () => Promise<Bus>): void {
  describe(`the ${name} bus`, () => {
    it('delivers an event once to every service that asked for its subject', async () => {
      await using bus = await createBus()
      const builder = await listen(bus, 'builder', ['image.requested.v1'])
      const converter = await listen(bus, 'converter', ['image.requested.v1'])
      const event = requested()
      await bus.publish([event])
      expect(builder).toEqual([event])
      expect(converter).toEqual([event])
    })

    it('does not deliver subjects that nobody asked for', async () => {
      await using bus = await createBus()
      const heard = await listen(bus, 'builder', ['image.requested.v1'])
      await bus.publish([seal(say(dropCancelled, dropCancelled.example), { now: new Date() })])
      expect(heard).toEqual([])
    })

    it('gives each event to one of those who compete within a service', async () => {
      await using bus = await createBus()
      const one = await listen(bus, 'builder', ['image.requested.v1'])
      const other = await listen(bus, 'builder', ['image.requested.v1'])
      for (let count = 0; count < 10; count += 1) await bus.publish([requested()])
      expect(one.length + other.length).toBe(10)
      expect(one.length).toBeGreaterThan(0)
      expect(other.length).toBeGreaterThan(0)
    })

    it('keeps the order of one publisher', async () => {
      await using bus = await createBus()
      const heard = await listen(bus, 'builder', ['image.requested.v1'])
      const events = Array.from({ length: 20 }, requested)
      await bus.publish(events)
      expect(heard.map((event) => event.id)).toEqual(events.map((event) => event.id))
    })

    it('does not confirm what a consumer could not keep', async () => {
      await using bus = await createBus()
      let tries = 0
      await bus.subscribe({
        service: 'builder',
        subjects: ['image.requested.v1'],
        deliver: () => {
          tries += 1
          return tries === 1 ? Promise.reject(new Error('the ledger is full')) : Promise.resolve()
        },
      })
      const event = requested()
      await expect(bus.publish([event])).rejects.toThrow('the ledger is full')
      await bus.publish([event])
      expect(tries).toBe(2)
    })

    it('refuses an invalid event before anything is sent, naming field and value', async () => {
      await using bus = await createBus()
      const heard = await listen(bus, 'builder', ['image.requested.v1'])
      const event = requested()
      const wrong = { ...event, body: { ...imageRequested.example, drop: '../etc' } }
      await expect(bus.publish([event, wrong])).rejects.toThrow(InvalidEvent)
      await expect(bus.publish([wrong])).rejects.toThrow(/drop: .*"\.\.\/etc"/)
      expect(heard).toEqual([])
    })

    it('stops delivering to a subscription that was closed', async () => {
      await using bus = await createBus()
      const heard: Envelope[] = []
      const subscription = await bus.subscribe({
        service: 'builder',
        subjects: ['image.requested.v1'],
        deliver: (events) => Promise.resolve(void heard.push(...events)),
      })
      await subscription[Symbol.asyncDispose]()
      await bus.publish([requested()])
      expect(heard).toEqual([])
    })

    it('shows progress to those who watch, until they stop', async () => {
      await using bus = await createBus()
      const seen: string[] = []
      const watching = bus.watch((progress) => seen.push(progress.phase))
      const progress = { service: 'builder', drop: null, image: null, state: 'running' as const }
      bus.signal({ ...progress, phase: 'one' })
      watching[Symbol.dispose]()
      bus.signal({ ...progress, phase: 'two' })
      expect(seen).toEqual(['one'])
    })
  })
}

function requested(): Envelope {
  return seal(say(imageRequested, imageRequested.example), { now: new Date() })
}

async function listen(bus: Bus, service: string, subjects: string[]): Promise<Envelope[]> {
  const heard: Envelope[] = []
  await bus.subscribe({ service, subjects, deliver: (events) => Promise.resolve(void heard.push(...events)) })
  return heard
}
