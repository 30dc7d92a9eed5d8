import { setTimeout as sleep } from 'node:timers/promises'
import { AckPolicy, jetstream, type JetStreamManager } from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { say } from '#events/define.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { startTcpProxy } from '#test/brokers/tcp-proxy.ts'
import { eventually, idsOf, listen, requested } from '../bus.contract.ts'
import type { Bus } from '../bus.ts'
import { deadLetterHeaders } from '../headers.ts'
import type { NatsOptions } from './options.ts'
import { provideJetstream, type TestJetstream } from './testing/jetstream.ts'

let nats: TestJetstream
let jsm: JetStreamManager
let stream: string

beforeAll(async () => {
  nats = await provideJetstream()
  jsm = nats.jsm
}, 120_000)
beforeEach(() => {
  stream = nats.newStream()
})
afterAll(async () => {
  await nats[Symbol.asyncDispose]()
})

describe('the consumer of a service', () => {
  it('lets through what is asked for, and goes on letting through what was asked for before', async () => {
    await using bus = await open()
    await bus.prepare([{ service: 'builder', subjects: ['image.requested.v1', 'image.built.v1'] }])
    await bus.prepare([{ service: 'builder', subjects: ['image.requested.v1', 'drop.cancelled.v1'] }])
    const { config } = await jsm.consumers.info(stream, 'builder')
    const names = ['image.requested.v1', 'image.built.v1', 'drop.cancelled.v1']
    expect(config.filter_subject ?? '').toBe('')
    expect(config.filter_subjects?.toSorted()).toEqual(
      nats.knowsManyFilters ? names.map((name) => `${stream}.${name}`).toSorted() : undefined,
    )
  })

  it('that lets too little through is not taken where the server cannot widen it', async ({ skip }) => {
    skip(nats.knowsManyFilters, 'a server of 2.10 or later can')
    await using bus = await open()
    await bus.prepare([])
    await jsm.consumers.add(stream, {
      durable_name: 'builder',
      ack_policy: AckPolicy.Explicit,
      filter_subject: `${stream}.image.built.v1`,
    })
    await expect(bus.prepare([builder])).rejects.toThrow(/^the consumer builder: expected one without a filter/)
  })

  it('keeps what only a newer process of the service asks for from being lost on an older one', async ({ skip }) => {
    skip(!nats.knowsManyFilters, 'before 2.10 the server gives a service every event, and nobody knows whose it is')
    await using older = await open({ retryMs: { first: 10, longest: 20 } })
    await using newer = await open({ retryMs: { first: 10, longest: 20 } })
    const byOlder = await listen(older, 'builder')
    const byNewer = await listen(newer, 'builder', ['image.requested.v1', 'drop.cancelled.v1'])
    const cancelled = () => seal(say(dropCancelled, dropCancelled.example), { now: new Date() })
    const events = Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? requested() : cancelled()))
    for (const event of events) await newer.publish([event])
    await eventually(() => {
      expect(idsOf([...byOlder, ...byNewer])).toEqual(idsOf(events))
    })
    expect(byOlder.filter(({ subject }) => subject !== 'image.requested.v1')).toEqual([])
  })

  it('that was deleted is made again, and misses nothing of what was said meanwhile', async () => {
    await using bus = await open()
    const heard = await listen(bus, 'builder')
    const events = Array.from({ length: 3 }, requested)
    const [first, second, third] = events as [Envelope, Envelope, Envelope]
    await bus.publish([first])
    await eventually(() => {
      expect(heard).toEqual([first])
    })
    await jsm.consumers.delete(stream, 'builder')
    await bus.publish([second, third])
    await eventually(() => {
      expect(new Set(idsOf(heard))).toEqual(new Set(idsOf(events)))
    })
  })

  it('takes an event for dead that killed whoever had it, however often', async () => {
    await using bus = await open({ deliveryLimit: 2 })
    await bus.prepare([builder])
    const event = requested()
    await bus.publish([event])
    const consumer = await jetstream(nats.connection).consumers.get(stream, 'builder')
    for (let deaths = 0; deaths < 2; deaths += 1) {
      const message = await consumer.next({ expires: 5000 })
      message?.nak()
    }
    const heard = await listen(bus, 'builder')
    const next = requested()
    await bus.publish([next])
    await eventually(async () => {
      expect(heard).toEqual([next])
      const letter = await jsm.streams.getMessage(stream, { last_by_subj: `${stream}.dead.builder` })
      expect(letter?.header.get(deadLetterHeaders.id)).toBe(event.id)
      expect(letter?.header.get(deadLetterHeaders.reason)).toBe(
        'nobody kept it in 2 deliveries: whoever had it died or fell silent',
      )
      expect(letter?.json()).toEqual(event.body)
    })
  })

  it('waits for a slow ledger without handing the event to somebody else', async () => {
    await using bus = await open({ ackWaitMs: 600 })
    const taken: Envelope[] = []
    const slow = {
      ...builder,
      deliver: async (events: readonly Envelope[]) => {
        taken.push(...events)
        await sleep(1500)
      },
    }
    await bus.subscribe(slow)
    await bus.subscribe(slow)
    const event = requested()
    await bus.publish([event])
    await eventually(() => {
      expect(bus.state().delivered).toBe(1)
    })
    expect(taken).toEqual([event])
    // The acknowledgement is on its way to the server when the delivery counts.
    const pending = async () => (await jsm.consumers.info(stream, 'builder')).num_ack_pending
    await expect.poll(pending).toBe(0)
  })

  it('gives the ledger an event once that comes again while the ledger is slow', async () => {
    await using bus = await open()
    const release = Promise.withResolvers<undefined>()
    const taken: Envelope[] = []
    await bus.subscribe({
      ...builder,
      deliver: async (events) => {
        taken.push(...events)
        await release.promise
      },
    })
    // The server loses patience long before we say that we are still at it.
    await jsm.consumers.update(stream, 'builder', { ack_wait: nanos(200) })
    const event = requested()
    await bus.publish([event])
    await eventually(() => {
      expect(bus.state().redelivered).toBeGreaterThan(0)
    })
    release.resolve(undefined)
    await eventually(async () => {
      // The acknowledgement is on its way to the server when the delivery counts.
      const pending = async () => (await jsm.consumers.info(stream, 'builder')).num_ack_pending
      await expect.poll(pending).toBe(0)
    })
    expect(taken).toEqual([event])
    expect(bus.state().delivered).toBe(1)
  })

  it('finishes what the ledger has when the wire was cut meanwhile', async () => {
    await using proxy = await startTcpProxy(nats.server.place.port)
    await using bus = await open({ servers: [proxy.url(nats.server.url)], ackWaitMs: 600 })
    const release = Promise.withResolvers<undefined>()
    const taken: Envelope[] = []
    await bus.subscribe({
      ...builder,
      deliver: async (events) => {
        taken.push(...events)
        await release.promise
      },
    })
    const event = requested()
    await bus.publish([event])
    await eventually(() => {
      expect(taken).toEqual([event])
    })
    proxy.cut()
    await eventually(() => {
      expect(bus.state().connected).toBe(false)
    })
    proxy.heal()
    await eventually(() => {
      expect(bus.state().connected).toBe(true)
    })
    release.resolve(undefined)
    await eventually(async () => {
      // The acknowledgement is on its way to the server when the delivery counts.
      const pending = async () => (await jsm.consumers.info(stream, 'builder')).num_ack_pending
      await expect.poll(pending).toBe(0)
    })
    expect(taken).toEqual([event])
  })

  it('holds nothing against the events that wait while nothing at all can be kept', async () => {
    await using bus = await open({ deliveryLimit: 3, prefetch: 20, retryMs: { first: 10, longest: 20 } })
    let works = false
    const kept: Envelope[] = []
    await bus.prepare([builder])
    const events = Array.from({ length: 20 }, requested)
    await bus.publish(events)
    const tried: string[] = []
    await bus.subscribe({
      ...builder,
      deliver: (some) => {
        tried.push(...some.map(({ id }) => id))
        if (!works) return Promise.reject(new Error('the ledger is away'))
        return Promise.resolve(void kept.push(...some))
      },
    })
    // If each were tried by itself each time, all would be dead by now.
    await eventually(() => {
      expect(tried.length).toBeGreaterThan(20 * 2 * 3 + 20)
    })
    works = true
    await eventually(() => {
      expect(idsOf(kept)).toEqual(idsOf(events))
    })
    expect((await jsm.streams.info(stream, { subjects_filter: `${stream}.dead.*` })).state.subjects ?? {}).toEqual({})
  })

  it('refuses the name of a service that would be a wildcard', async () => {
    await using bus = await open()
    await expect(bus.prepare([{ ...builder, service: 'a.*' }])).rejects.toThrow(/service: expected .* got "a\.\*"/)
  })
})

const builder = { service: 'builder', subjects: ['image.requested.v1'] }

async function open(options: Partial<NatsOptions> = {}): Promise<Bus> {
  return await nats.open(stream, options)
}
