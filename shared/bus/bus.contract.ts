import { describe, expect, it, vi } from 'vitest'
import { say, type EventDefinition } from '#events/define.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { imageRequested } from '#events/image-requested.ts'
import { foreignEvents, ownEvents } from '#events/index.ts'
import { InvalidEvent } from '#events/parse.ts'
import type { Bus, JobProgress } from './bus.ts'

/** One place where events travel, apart from those of all other tests. */
export interface BusWorld extends AsyncDisposable {
  /** One more connection to this place; a bus in memory is a place of its own. The test disposes of it. */
  open(): Promise<Bus>
  /** When `publish` resolves: once every subscriber has the events, or once the broker keeps them. */
  readonly confirms: 'on-delivery' | 'on-storage'
}

/** What every bus promises. `prepare` makes a fresh world for each test; servers are the test file's own affair. */
export function testBus(name: string, prepare: () => Promise<BusWorld>): void {
  describe(`the ${name} bus`, { timeout: 60_000 }, () => {
    it('delivers an event once to every service that asked for its subject', async () => {
      await using world = await prepare()
      await using bus = await world.open()
      const builder = await listen(bus, 'builder')
      const converter = await listen(bus, 'converter')
      const event = requested()
      await bus.publish([event])
      await eventually(() => {
        expect(builder).toEqual([event])
        expect(converter).toEqual([event])
      })
    })

    it('delivers every kind of event as it was said: id, time, drop, causation, trace, body', async () => {
      await using world = await prepare()
      await using bus = await world.open()
      const definitions: readonly EventDefinition[] = [...ownEvents, ...foreignEvents]
      const heard = await listen(
        bus,
        'scheduler',
        definitions.map(({ subject }) => subject),
      )
      const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
      const cause = { ...requested(), trace }
      const events = definitions.map((one) => seal(say(one, one.example), { now: new Date(), causation: cause }))
      await bus.publish(events)
      await eventually(() => {
        expect(heard).toEqual(events)
      })
    })

    it('does not deliver subjects that a service did not ask for', async () => {
      await using world = await prepare()
      await using bus = await world.open()
      const builder = await listen(bus, 'builder')
      const announcer = await listen(bus, 'announcer', ['drop.cancelled.v1'])
      const other = seal(say(dropCancelled, dropCancelled.example), { now: new Date() })
      const event = requested()
      await bus.publish([other, event])
      await eventually(() => {
        expect(builder).toEqual([event])
        expect(announcer).toEqual([other])
      })
    })

    it('gives each event to one of those who compete within a service', async () => {
      await using world = await prepare()
      await using bus = await world.open()
      const one = await listen(bus, 'builder')
      const other = await listen(bus, 'builder')
      const events = Array.from({ length: 30 }, requested)
      for (const event of events) await bus.publish([event])
      await eventually(() => {
        expect(idsOf([...one, ...other])).toEqual(idsOf(events))
      })
      expect(one.length).toBeGreaterThan(0)
      expect(other.length).toBeGreaterThan(0)
    })

    it('keeps the order of one publisher', async () => {
      await using world = await prepare()
      await using bus = await world.open()
      const heard = await listen(bus, 'builder')
      const events = Array.from({ length: 40 }, requested)
      await bus.publish(events.slice(0, 20))
      await bus.publish(events.slice(20))
      await eventually(() => {
        expect(heard.map((event) => event.id)).toEqual(events.map((event) => event.id))
      })
    })

    it('delivers again what a consumer could not keep', async () => {
      await using world = await prepare()
      await using bus = await world.open()
      let tries = 0
      const kept: Envelope[] = []
      await bus.subscribe({
        service: 'builder',
        subjects: ['image.requested.v1'],
        deliver: (events) => {
          tries += 1
          if (tries === 1) return Promise.reject(new Error('the ledger is full'))
          return Promise.resolve(void kept.push(...asSaid(events)))
        },
      })
      const event = requested()
      if (world.confirms === 'on-delivery') {
        await expect(bus.publish([event])).rejects.toThrow('the ledger is full')
      }
      await bus.publish([event])
      await eventually(() => {
        expect(kept).toEqual([event])
      })
      expect(tries).toBe(2)
    })

    it('refuses an invalid event before anything is sent, naming field and value', async () => {
      await using world = await prepare()
      await using bus = await world.open()
      const heard = await listen(bus, 'builder')
      const event = requested()
      const wrong = { ...event, body: { ...imageRequested.example, drop: '../etc' } }
      await expect(bus.publish([requested(), wrong])).rejects.toThrow(InvalidEvent)
      await expect(bus.publish([wrong])).rejects.toThrow(/drop: .*"\.\.\/etc"/)
      await bus.publish([event])
      await eventually(() => {
        expect(heard).toEqual([event])
      })
    })

    it('stops delivering to a subscription that was closed', async () => {
      await using world = await prepare()
      await using bus = await world.open()
      const closed: Envelope[] = []
      const subscription = await bus.subscribe({
        service: 'builder',
        subjects: ['image.requested.v1'],
        deliver: (events) => Promise.resolve(void closed.push(...events)),
      })
      await subscription[Symbol.asyncDispose]()
      const heard = await listen(bus, 'builder')
      const event = requested()
      await bus.publish([event])
      await eventually(() => {
        expect(heard).toEqual([event])
      })
      expect(closed).toEqual([])
    })

    it('shows progress to those who watch, until they stop', async () => {
      await using world = await prepare()
      await using bus = await world.open()
      const stopped: string[] = []
      const seen: string[] = []
      const watching = bus.watch(({ phase }) => stopped.push(phase))
      using _other = bus.watch(({ phase }) => seen.push(phase))
      await eventually(() => {
        bus.signal(progressOf('one'))
        expect(stopped).toContain('one')
      })
      watching[Symbol.dispose]()
      await eventually(() => {
        bus.signal(progressOf('two'))
        expect(seen).toContain('two')
      })
      expect(stopped).not.toContain('two')
    })

    it('counts what it carried and says that it is connected', async () => {
      await using world = await prepare()
      await using bus = await world.open()
      const heard = await listen(bus, 'builder')
      await bus.publish([requested(), requested()])
      await eventually(() => {
        expect(heard).toHaveLength(2)
        expect(bus.state()).toMatchObject({ connected: true, detail: '', published: 2, delivered: 2, refused: 0 })
      })
      expect(bus.givenUp.aborted).toBe(false)
    })
  })
}

/** A valid event of its own. */
export function requested(): Envelope {
  return seal(say(imageRequested, imageRequested.example), { now: new Date() })
}

/** Progress of a job of its own, so that no bus joins it with another. */
export function progressOf(phase: string): JobProgress {
  return { service: 'builder', drop: null, image: `image-${phase}`, state: 'running', phase }
}

/** Subscribes, and collects what is delivered. */
export async function listen(bus: Bus, service: string, subjects = ['image.requested.v1']): Promise<Envelope[]> {
  const heard: Envelope[] = []
  await bus.subscribe({ service, subjects, deliver: (events) => Promise.resolve(void heard.push(...asSaid(events))) })
  return heard
}

/** Events as they were said: who sent them is for the transport to tell, and not every one does. */
export function asSaid(events: readonly Envelope[]): Envelope[] {
  return events.map((event) => ({ ...event, sender: null }))
}

/** Waits until an expectation holds. The time is for a busy machine; it is over as soon as the events are there. */
export async function eventually(expectation: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(expectation, { timeout: 45_000, interval: 20 })
}

/** The ids, in an order that does not depend on who heard them. */
export function idsOf(events: readonly { readonly id: string }[]): string[] {
  return events.map(({ id }) => id).toSorted()
}
