import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { say } from '#events/define.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { imageRequested } from '#events/image-requested.ts'
import type { Delivery } from './failures.ts'
import { createBatches, type BatchesOptions } from './batches.ts'

describe('the batches of a consumer', () => {
  it('delivers what came together in one batch, and acknowledges it with all before it', async () => {
    const at = setUp()
    const deliveries = [delivery(1), delivery(2), delivery(3)]
    for (const one of deliveries) at.batches.add(one)
    await vi.waitFor(() => {
      expect(at.acknowledged).toEqual([[deliveries, true]])
    })
    expect(at.given).toEqual([[1, 2, 3]])
  })

  it('delivers what arrives during a delivery as the next batch', async () => {
    const first = Promise.withResolvers<void>()
    const at = setUp({ deliver: (tags) => (tags.includes(1) ? first.promise : Promise.resolve()) })
    at.batches.add(delivery(1))
    await vi.waitFor(() => {
      expect(at.given).toEqual([[1]])
    })
    for (const tag of [2, 3, 4]) at.batches.add(delivery(tag))
    first.resolve()
    await vi.waitFor(() => {
      expect(at.given).toEqual([[1], [2, 3, 4]])
    })
  })

  it('sends nothing to the dead letters while nothing works, however often it tries, and keeps the order', async () => {
    let isAway = true
    const at = setUp({ deliver: () => (isAway ? Promise.reject(new Error('no ledger')) : Promise.resolve()) })
    for (const tag of [1, 2, 3]) at.batches.add(delivery(tag))
    await vi.waitFor(() => {
      expect(at.given.length).toBeGreaterThan(limit * 4)
    })
    for (const tag of [4, 5]) at.batches.add(delivery(tag))
    isAway = false
    await vi.waitFor(() => {
      expect(at.acknowledgedTags()).toEqual([1, 2, 3, 4, 5])
    })
    expect(at.deadLettered).toEqual([])
  })

  it('sends an event to the dead letters when it failed often enough while others worked, and only that one', async () => {
    const at = setUp({ deliver: (tags) => (tags.includes(2) ? Promise.reject(new Error('bad')) : Promise.resolve()) })
    for (const tag of [1, 2, 3, 4]) at.batches.add(delivery(tag))
    const others = [1, 3, 4]
    await vi.waitFor(() => {
      const tag = others.length + 10
      others.push(tag)
      at.batches.add(delivery(tag))
      expect(at.deadLettered).toEqual([2])
    })
    await at.batches.drain()
    expect(new Set(at.acknowledgedTags())).toEqual(new Set(others))
    expect(at.given.filter((tags) => tags.includes(2)).length).toBeGreaterThan(limit)
  })

  it('is not kept from trying again by a steady flow of others', async () => {
    const at = setUp({
      deliver: (tags) => (tags.includes(1) ? Promise.reject(new Error('bad')) : Promise.resolve()),
      retry: { firstDelay: 60, maxDelay: 60 },
    })
    at.batches.add(delivery(1))
    for (let tag = 2; at.given.filter((tags) => tags.includes(1)).length < 4; tag += 1) {
      at.batches.add(delivery(tag))
      await sleep(5)
    }
    at.batches.stop()
  })

  it('sends nothing to the dead letters on the word of one success: an outage may begin or end at any moment', async () => {
    let calls = 0
    // Works now and then only, and never twice for the same event.
    const at = setUp({
      deliver: () => {
        calls += 1
        return calls % 50 === 49 || calls > 400 ? Promise.resolve() : Promise.reject(new Error('no ledger'))
      },
    })
    for (let tag = 1; tag <= 20; tag += 1) at.batches.add(delivery(tag))
    await vi.waitFor(() => {
      expect(at.acknowledgedTags()).toHaveLength(20)
    })
    expect(at.deadLettered).toEqual([])
  })

  it('goes on with others while one waits for its next try', async () => {
    const at = setUp({
      deliver: (tags) => (tags.includes(1) ? Promise.reject(new Error('bad')) : Promise.resolve()),
      retry: { firstDelay: 600_000, maxDelay: 600_000 },
    })
    for (const tag of [1, 2]) at.batches.add(delivery(tag))
    await vi.waitFor(() => {
      expect(at.acknowledgedTags()).toEqual([2])
    })
    at.batches.add(delivery(3))
    await vi.waitFor(() => {
      expect(at.acknowledged.at(-1)).toEqual([[expect.objectContaining({ tag: 3 })], false])
    })
    at.batches.stop()
  })

  it('tries what was redelivered more than once on its own: it may be what ends the process', async () => {
    const at = setUp()
    for (const [tag, returns] of [
      [1, 0],
      [2, 3],
      [3, 1],
      [4, 2],
    ] as const)
      at.batches.add(delivery(tag, returns))
    await vi.waitFor(() => {
      expect(new Set(at.acknowledgedTags())).toEqual(new Set([1, 2, 3, 4]))
    })
    expect(at.given[0]).toEqual([1, 3])
    expect(at.given.slice(1).map((tags) => tags.length)).toEqual([1, 1])
  })

  it('requeues everything when nothing has worked for too long, and tries no more', async () => {
    const at = setUp({ deliver: () => Promise.reject(new Error('no ledger')), requeueAfter: 30 })
    for (const tag of [1, 2]) at.batches.add(delivery(tag))
    await vi.waitFor(() => {
      expect(at.requeued).toBe(1)
    })
    const tries = at.given.length
    at.batches.add(delivery(3))
    await at.batches.drain()
    expect(at.given).toHaveLength(tries)
    expect(at.deadLettered).toEqual([])
  })

  it('drains: finishes what it has, and does not wait for what fails', async () => {
    const at = setUp({
      deliver: (tags) => (tags.includes(2) ? Promise.reject(new Error('bad')) : Promise.resolve()),
      retry: { firstDelay: 600_000, maxDelay: 600_000 },
    })
    for (const tag of [1, 2, 3]) at.batches.add(delivery(tag))
    await at.batches.drain()
    expect(at.acknowledgedTags()).toEqual([1, 3])
    at.batches.stop()
  })
})

const limit = 10

function setUp(
  options: { deliver?: (tags: number[]) => Promise<void> } & Partial<Omit<BatchesOptions, 'deliver'>> = {},
) {
  const { deliver = () => Promise.resolve(), ...others } = options
  const given: number[][] = []
  const acknowledged: [readonly Delivery[], boolean][] = []
  const deadLettered: number[] = []
  const at = {
    given,
    acknowledged,
    deadLettered,
    requeued: 0,
    acknowledgedTags: () => acknowledged.flatMap(([all]) => all.map(({ tag }) => tag)),
  }
  const batches = createBatches({
    deliver: (envelopes) => {
      const tags = envelopes.map(tagOf)
      given.push(tags)
      return deliver(tags)
    },
    acknowledge: (deliveries, all) => acknowledged.push([deliveries, all]),
    deadLetter: ({ tag }) => deadLettered.push(tag),
    requeue: () => {
      at.requeued += 1
    },
    requeueAfter: 60_000,
    deliveryLimit: limit,
    retry: { firstDelay: 2, maxDelay: 10 },
    random: Math.random,
    ...others,
  })
  return Object.assign(at, { batches })
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
