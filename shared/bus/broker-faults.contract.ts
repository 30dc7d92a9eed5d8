import { describe, expect, it } from 'vitest'
import type { Envelope } from '#events/envelope.ts'
import type { TcpProxy } from '#test/brokers/tcp-proxy.ts'
import { asSaid, eventually, idsOf, listen, requested, type BusWorld } from './bus.contract.ts'
import type { Bus } from './bus.ts'

/** What a test of a broker needs besides a bus. */
export interface BrokerWorld extends BusWorld {
  /** How many events are out with one consumer at most: a small number. */
  readonly prefetch: number
  /** After how many deliveries that never worked an event goes to the dead letters: a small number. */
  readonly deliveryLimit: number
  /** Really ends the broker and starts it again on its data. */
  restart(): Promise<void>
  /** A bus whose wire the test can hold and cut. The test disposes of both, the bus first. */
  proxied(): Promise<{ bus: Bus; proxy: TcpProxy }>
  deadLetters(service: string): Promise<readonly DeadLetter[]>
  /** What some other program sends, past our publisher and its checks. */
  sendRaw(subject: string, body: string | Buffer, headers?: Readonly<Record<string, string>>): Promise<void>
}

export interface DeadLetter {
  readonly id: string | null
  readonly body: string
  readonly reason: string
}

/** What a bus with a broker promises while things around it fail. Part of testBroker. */
export function testFaults(name: string, prepare: () => Promise<BrokerWorld>): void {
  describe(`the ${name} broker when things fail`, { timeout: 180_000 }, () => {
    it('delivers again when a consumer dies before it kept the event', async () => {
      await using world = await prepare()
      await using bus = await world.open()
      const { bus: dying, proxy } = await world.proxied()
      const taken: Envelope[] = []
      await dying.subscribe({
        ...interest,
        deliver: (events) => {
          taken.push(...asSaid(events))
          return new Promise(() => {})
        },
      })
      const event = requested()
      await bus.publish([event])
      await eventually(() => {
        expect(taken).toEqual([event])
      })
      proxy.cut()
      const heard = await listen(bus, 'builder')
      await eventually(() => {
        expect(heard).toEqual([event])
      })
      expect(bus.state().redelivered).toBe(1)
      await proxy[Symbol.asyncDispose]()
    })

    it('sends to the dead letters what could never be kept, after some tries with pauses, and nothing else', async () => {
      await using world = await prepare()
      await using bus = await world.open()
      const poison = requested()
      const innocents = Array.from({ length: 6 }, requested)
      const kept: Envelope[] = []
      const tries: number[] = []
      await bus.subscribe({
        ...interest,
        deliver: (events) => {
          if (!events.some(({ id }) => id === poison.id)) return Promise.resolve(void kept.push(...asSaid(events)))
          tries.push(performance.now())
          return Promise.reject(new Error('no ledger can keep this'))
        },
      })
      await bus.publish([...innocents.slice(0, 3), poison, ...innocents.slice(3)])
      await eventually(async () => {
        // That others can be kept is what tells a bad event from a ledger that is away.
        const another = requested()
        innocents.push(another)
        await bus.publish([another])
        expect((await world.deadLetters('builder')).map(({ id }) => id)).toEqual([poison.id])
      })
      const [letter] = await world.deadLetters('builder')
      expect(JSON.parse(letter?.body ?? '')).toEqual(poison.body)
      expect(letter?.reason).not.toBe('')
      await eventually(() => {
        expect(idsOf(kept)).toEqual(idsOf(innocents))
      })
      expect(tries.length).toBeGreaterThanOrEqual(world.deliveryLimit)
      expect(tries.length).toBeLessThanOrEqual(world.deliveryLimit * 4)
      expect((tries.at(-1) ?? 0) - (tries[0] ?? 0)).toBeGreaterThan(20 * (world.deliveryLimit - 1))
    })

    it('sends what is no event to the dead letters at once, says why, and goes on', async () => {
      await using world = await prepare()
      await using bus = await world.open()
      const heard = await listen(bus, 'builder')
      const wrong = JSON.stringify({ ...(requested().body as object), drop: '../etc' })
      await world.sendRaw('image.requested.v1', 'no { JSON')
      await world.sendRaw('image.requested.v1', Buffer.from([0xff, 0xfe, 0x00]))
      await world.sendRaw('image.requested.v1', wrong)
      const event = requested()
      await bus.publish([event])
      await eventually(async () => {
        expect(heard).toEqual([event])
        const letters = await world.deadLetters('builder')
        expect(letters.map(({ body }) => body)).toEqual(expect.arrayContaining(['no { JSON', wrong]))
        expect(letters).toHaveLength(3)
        for (const { reason } of letters) expect(reason).not.toBe('')
      })
      expect(bus.state()).toMatchObject({ refused: 3, delivered: 1 })
    })

    it('loses nothing when the broker restarts in the middle, and everybody comes back by himself', async () => {
      await using world = await prepare()
      await using bus = await world.open()
      await using consumer = await world.open()
      const heard = await listen(consumer, 'builder')
      const events = Array.from({ length: 120 }, requested)
      let sent = 0
      const sending = (async () => {
        for (const event of events) {
          await publishUntilTaken(bus, [event])
          sent += 1
        }
      })()
      await eventually(() => {
        expect(sent).toBeGreaterThan(10)
      })
      await world.restart()
      await sending
      await eventually(() => {
        expect(new Set(heard.map(({ id }) => id))).toEqual(new Set(events.map(({ id }) => id)))
      })
      expect(bus.givenUp.aborted || consumer.givenUp.aborted).toBe(false)
    })

    it('survives a wire that stalls, breaks and heals, and one that is half closed', async () => {
      await using world = await prepare()
      const { bus, proxy } = await world.proxied()
      await using _proxy = proxy
      await using _bus = bus
      const heard = await listen(bus, 'builder')
      const events = Array.from({ length: 4 }, requested)
      const [first, second, third, fourth] = events as [Envelope, Envelope, Envelope, Envelope]
      await bus.publish([first])
      proxy.stall()
      const sending = publishUntilTaken(bus, [second])
      const alsoSending = publishUntilTaken(bus, [third])
      proxy.cut()
      await eventually(() => {
        const { connected, detail } = bus.state()
        expect({ connected, told: detail !== '' }).toEqual({ connected: false, told: true })
      })
      proxy.resume()
      proxy.heal()
      await Promise.all([sending, alsoSending])
      proxy.halfClose()
      await publishUntilTaken(bus, [fourth])
      await eventually(() => {
        expect(new Set(heard.map(({ id }) => id))).toEqual(new Set(events.map(({ id }) => id)))
        expect(bus.state()).toMatchObject({ connected: true, detail: '' })
      })
    })

    it('finishes and acknowledges what is being delivered before it closes', async () => {
      await using world = await prepare()
      const bus = await world.open()
      await using other = await world.open()
      const begun = Promise.withResolvers<undefined>()
      const release = Promise.withResolvers<undefined>()
      let kept = false
      await bus.subscribe({
        ...interest,
        deliver: async () => {
          begun.resolve(undefined)
          await release.promise
          kept = true
        },
      })
      await other.publish([requested()])
      await begun.promise
      const closing = bus[Symbol.asyncDispose]()
      release.resolve(undefined)
      await closing
      expect(kept).toBe(true)
      const heard = await listen(other, 'builder')
      const next = requested()
      await other.publish([next])
      await eventually(() => {
        expect(heard).toEqual([next])
      })
    })
  })
}

const interest = { service: 'builder', subjects: ['image.requested.v1'] }

/** As the relay does: whatever did not get through is sent again. */
async function publishUntilTaken(bus: Bus, events: readonly Envelope[]): Promise<void> {
  await eventually(() => bus.publish(events))
}
