import { describe, expect, it } from 'vitest'
import type { Envelope } from '#events/envelope.ts'
import type { BrokerWorld } from './broker.contract.ts'
import { eventually, requested } from './bus.contract.ts'
import type { Bus } from './bus.ts'

/** What a bus promises that can `gather`. */
export function testGathering(name: string, prepare: () => Promise<BrokerWorld>): void {
  describe(`one of several that listen to ${name}`, { timeout: 60_000 }, () => {
    it('gets everything while it gathers, and takes turns again when it no longer does', async () => {
      await using world = await prepare()
      await using pair = await openPair(world)
      const { one, other } = pair
      await gatherByFirst(pair)
      one.subscribed.gather?.(false)
      await eventually(async () => {
        expect(await pair.tell(20)).toEqual([10, 10])
      })
      other.subscribed.gather?.(true)
      await eventually(async () => {
        expect(await pair.tell(20)).toEqual([0, 20])
      })
    })

    it('leaves to the others what it cannot keep up with, and everything when it is gone', async () => {
      await using world = await prepare()
      await using pair = await openPair(world)
      const { one, other } = pair
      await gatherByFirst(pair)
      one.heard.length = 0
      other.heard.length = 0
      one.hold()
      await pair.bus.publish(Array.from({ length: 30 }, requested))
      await eventually(() => {
        expect(other.heard).toHaveLength(30 - world.prefetch)
      })
      one.release()
      await eventually(() => {
        expect(one.heard).toHaveLength(world.prefetch)
      })
      await one.subscribed[Symbol.asyncDispose]()
      expect(await pair.tell(20)).toEqual([0, 20])
    })

    it('is one, also when all want everything', async () => {
      await using world = await prepare()
      await using pair = await openPair(world)
      pair.one.subscribed.gather?.(true)
      pair.other.subscribed.gather?.(true)
      await eventually(async () => {
        expect((await pair.tell(20)).toSorted((a, b) => a - b)).toEqual([0, 20])
      })
    })
  })
}

/** Two that compete, on connections of their own. */
async function openPair(world: BrokerWorld) {
  const stack = new AsyncDisposableStack()
  const open = async () => await listenOn(stack.use(await world.open()))
  const [one, other] = [await open(), await open()]
  return {
    bus: one.bus,
    one,
    other,
    /** Tells so many events, each by itself, and resolves with how many of them each has heard. */
    async tell(count: number): Promise<readonly number[]> {
      one.heard.length = 0
      other.heard.length = 0
      for (let index = 0; index < count; index += 1) await one.bus.publish([requested()])
      await eventually(() => {
        expect(one.heard.length + other.heard.length).toBeGreaterThanOrEqual(count)
      })
      return [one.heard.length, other.heard.length]
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

async function gatherByFirst(pair: Awaited<ReturnType<typeof openPair>>): Promise<void> {
  pair.one.subscribed.gather?.(true)
  await eventually(async () => {
    expect(await pair.tell(20)).toEqual([20, 0])
  })
}

async function listenOn(bus: Bus) {
  const heard: Envelope[] = []
  let held = Promise.withResolvers<void>()
  held.resolve()
  const subscribed = await bus.subscribe({
    service: 'builder',
    subjects: ['image.requested.v1'],
    async deliver(events) {
      await held.promise
      heard.push(...events)
    },
  })
  return {
    bus,
    heard,
    subscribed,
    hold() {
      held = Promise.withResolvers()
    },
    release() {
      held.resolve()
    },
  }
}
