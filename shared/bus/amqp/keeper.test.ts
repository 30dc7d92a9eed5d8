import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { say } from '#events/define.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { imageRequested } from '#events/image-requested.ts'
import type { Delivery } from './failures.ts'
import { createKeeper, type KeeperOptions } from './keeper.ts'

describe('the keeper', () => {
  it('gives what came together in one batch, and says that all before it is settled', async () => {
    const at = setUp()
    const deliveries = [delivery(1), delivery(2), delivery(3)]
    for (const one of deliveries) at.keeper.take(one)
    await vi.waitFor(() => {
      expect(at.kept).toEqual([[deliveries, true]])
    })
    expect(at.given).toEqual([[1, 2, 3]])
  })

  it('gives what arrives during a delivery as the next batch', async () => {
    const first = Promise.withResolvers<void>()
    const at = setUp({ deliver: (tags) => (tags.includes(1) ? first.promise : Promise.resolve()) })
    at.keeper.take(delivery(1))
    await vi.waitFor(() => {
      expect(at.given).toEqual([[1]])
    })
    for (const tag of [2, 3, 4]) at.keeper.take(delivery(tag))
    first.resolve()
    await vi.waitFor(() => {
      expect(at.given).toEqual([[1], [2, 3, 4]])
    })
  })

  it('condemns nobody while nothing works, however often it tries, and keeps the order', async () => {
    let isAway = true
    const at = setUp({ deliver: () => (isAway ? Promise.reject(new Error('no ledger')) : Promise.resolve()) })
    for (const tag of [1, 2, 3]) at.keeper.take(delivery(tag))
    await vi.waitFor(() => {
      expect(at.given.length).toBeGreaterThan(limit * 4)
    })
    for (const tag of [4, 5]) at.keeper.take(delivery(tag))
    isAway = false
    await vi.waitFor(() => {
      expect(at.keptTags()).toEqual([1, 2, 3, 4, 5])
    })
    expect(at.condemned).toEqual([])
  })

  it('condemns the event at fault when it failed often enough while others worked, and only that one', async () => {
    const at = setUp({ deliver: (tags) => (tags.includes(2) ? Promise.reject(new Error('bad')) : Promise.resolve()) })
    for (const tag of [1, 2, 3, 4]) at.keeper.take(delivery(tag))
    const others = [1, 3, 4]
    await vi.waitFor(() => {
      const tag = others.length + 10
      others.push(tag)
      at.keeper.take(delivery(tag))
      expect(at.condemned).toEqual([2])
    })
    await at.keeper.drain()
    expect(new Set(at.keptTags())).toEqual(new Set(others))
    expect(at.given.filter((tags) => tags.includes(2)).length).toBeGreaterThan(limit)
  })

  it('is not kept from trying again by a steady flow of others', async () => {
    const at = setUp({
      deliver: (tags) => (tags.includes(1) ? Promise.reject(new Error('bad')) : Promise.resolve()),
      retry: { firstDelay: 60, maxDelay: 60 },
    })
    at.keeper.take(delivery(1))
    for (let tag = 2; at.given.filter((tags) => tags.includes(1)).length < 4; tag += 1) {
      at.keeper.take(delivery(tag))
      await sleep(5)
    }
    at.keeper.stop()
  })

  it('condemns nobody on the word of one success: an outage may begin or end at any moment', async () => {
    let calls = 0
    // Works now and then only, and never twice for the same event.
    const at = setUp({
      deliver: () => {
        calls += 1
        return calls % 50 === 49 || calls > 400 ? Promise.resolve() : Promise.reject(new Error('no ledger'))
      },
    })
    for (let tag = 1; tag <= 20; tag += 1) at.keeper.take(delivery(tag))
    await vi.waitFor(() => {
      expect(at.keptTags()).toHaveLength(20)
    })
    expect(at.condemned).toEqual([])
  })

  it('goes on with others while one waits for its next try', async () => {
    const at = setUp({
      deliver: (tags) => (tags.includes(1) ? Promise.reject(new Error('bad')) : Promise.resolve()),
      retry: { firstDelay: 600_000, maxDelay: 600_000 },
    })
    for (const tag of [1, 2]) at.keeper.take(delivery(tag))
    await vi.waitFor(() => {
      expect(at.keptTags()).toEqual([2])
    })
    at.keeper.take(delivery(3))
    await vi.waitFor(() => {
      expect(at.kept.at(-1)).toEqual([[expect.objectContaining({ tag: 3 })], false])
    })
    at.keeper.stop()
  })

  it('tries what came back more than once on its own: it may be what ends the process', async () => {
    const at = setUp()
    for (const [tag, returns] of [
      [1, 0],
      [2, 3],
      [3, 1],
      [4, 2],
    ] as const)
      at.keeper.take(delivery(tag, returns))
    await vi.waitFor(() => {
      expect(new Set(at.keptTags())).toEqual(new Set([1, 2, 3, 4]))
    })
    expect(at.given[0]).toEqual([1, 3])
    expect(at.given.slice(1).map((tags) => tags.length)).toEqual([1, 1])
  })

  it('gives everything back when nothing has worked for too long, and tries no more', async () => {
    const at = setUp({ deliver: () => Promise.reject(new Error('no ledger')), giveBackAfter: 30 })
    for (const tag of [1, 2]) at.keeper.take(delivery(tag))
    await vi.waitFor(() => {
      expect(at.givenBack).toBe(1)
    })
    const tries = at.given.length
    at.keeper.take(delivery(3))
    await at.keeper.drain()
    expect(at.given).toHaveLength(tries)
    expect(at.condemned).toEqual([])
  })

  it('drains: finishes what it has, and does not wait for what fails', async () => {
    const at = setUp({
      deliver: (tags) => (tags.includes(2) ? Promise.reject(new Error('bad')) : Promise.resolve()),
      retry: { firstDelay: 600_000, maxDelay: 600_000 },
    })
    for (const tag of [1, 2, 3]) at.keeper.take(delivery(tag))
    await at.keeper.drain()
    expect(at.keptTags()).toEqual([1, 3])
    at.keeper.stop()
  })
})

const limit = 10

function setUp(
  options: { deliver?: (tags: number[]) => Promise<void> } & Partial<Omit<KeeperOptions, 'deliver'>> = {},
) {
  const { deliver = () => Promise.resolve(), ...others } = options
  const given: number[][] = []
  const kept: [readonly Delivery[], boolean][] = []
  const condemned: number[] = []
  const at = {
    given,
    kept,
    condemned,
    givenBack: 0,
    keptTags: () => kept.flatMap(([all]) => all.map(({ tag }) => tag)),
  }
  const keeper = createKeeper({
    deliver: (envelopes) => {
      const tags = envelopes.map(tagOf)
      given.push(tags)
      return deliver(tags)
    },
    kept: (deliveries, all) => kept.push([deliveries, all]),
    condemn: ({ tag }) => condemned.push(tag),
    giveBack: () => {
      at.givenBack += 1
    },
    giveBackAfter: 60_000,
    deliveryLimit: limit,
    retry: { firstDelay: 2, maxDelay: 10 },
    random: Math.random,
    ...others,
  })
  return Object.assign(at, { keeper })
}

function delivery(tag: number, returns = 0): Delivery {
  const envelope = seal(say(imageRequested, imageRequested.example), { now: new Date(), id: idOf(tag) })
  return { envelope, tag, returns }
}

function idOf(tag: number): string {
  return `00000000-0000-4000-8000-${String(tag).padStart(12, '0')}`
}

function tagOf({ id }: Envelope): number {
  return Number(id.slice(-12))
}
