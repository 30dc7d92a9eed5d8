import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { jetstream } from '@nats-io/jetstream'
import { connect, headers } from '@nats-io/transport-node'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { provideNats } from '#test/brokers/nats.ts'
import { provideRabbitmq } from '#test/brokers/rabbitmq.ts'
import type { Server } from '#test/brokers/server.ts'
import { bridge } from './bridge.ts'
import { eventually, idsOf, listen, requested } from './bus.contract.ts'
import { createCrossings } from './crossings.ts'
import { deadLetterHeaders, eventHeaders } from './headers.ts'
import { createMemoryBus } from './memory/memory-bus.ts'
import { openSide, type Side } from './testing/sides.ts'

const log = pino({ level: 'silent' })
const subjects = ['image.requested.v1']
let nats: Server
let rabbitmq: Server

beforeAll(async () => {
  ;[nats, rabbitmq] = await Promise.all([provideNats(), provideRabbitmq()])
}, 120_000)
afterAll(async () => {
  await Promise.all([nats[Symbol.asyncDispose](), rabbitmq[Symbol.asyncDispose]()])
}, 60_000)

describe('a bridge between NATS and a bus in memory', { timeout: 60_000 }, () => {
  it('carries what is said on either side to the other, once, and nothing back, when both ways share a memory', async () => {
    await using memory = createMemoryBus()
    await using broker = await openSide(natsSide())
    const crossings = createCrossings()
    await using _there = await bridge({ from: memory, to: broker, subjects, crossings, log })
    await using _back = await bridge({ from: broker, to: memory, subjects, crossings, log })
    const inMemory = await listen(memory, 'builder')
    const atBroker = await listen(broker, 'builder')
    const events = Array.from({ length: 20 }, requested)
    for (const [at, event] of events.entries()) await (at % 2 === 0 ? memory : broker).publish([event])
    await eventually(() => {
      expect(idsOf(inMemory)).toEqual(idsOf(events))
      expect(idsOf(atBroker)).toEqual(idsOf(events))
    })
    // What came back would come before this.
    const last = requested()
    await memory.publish([last])
    await eventually(() => {
      expect(atBroker.at(-1)).toEqual(last)
    })
    expect(idsOf(inMemory)).toEqual(idsOf([...events, last]))
    expect(idsOf(atBroker)).toEqual(idsOf([...events, last]))
  })

  it('carries only the subjects that it was told', async () => {
    await using memory = createMemoryBus()
    await using broker = await openSide(natsSide())
    await using _bridge = await bridge({ from: memory, to: broker, subjects: ['image.built.v1'], log })
    const heard = await listen(broker, 'builder')
    await memory.publish([requested()])
    const own = requested()
    await broker.publish([own])
    await eventually(() => {
      expect(heard).toEqual([own])
    })
  })

  it('leaves what is no event among the dead letters of the side that it came from', async () => {
    const side = natsSide()
    await using broker = await openSide(side)
    await using memory = createMemoryBus()
    await using _bridge = await bridge({ from: broker, to: memory, subjects, log })
    const heard = await listen(memory, 'builder')
    await using raw = await connect({ servers: nats.url })
    const { stream } = side.nats
    const told = headers()
    told.set(eventHeaders.schema, 'imagedrop.image.requested.v1')
    await jetstream(raw).publish(`${stream}.image.requested.v1`, '{"drop": 7}', { headers: told })
    const event = requested()
    await broker.publish([event])
    await eventually(async () => {
      expect(heard).toEqual([event])
      const jsm = await jetstream(raw).jetstreamManager()
      const letter = await jsm.streams.getMessage(stream, { last_by_subj: `${stream}.dead.bridge` })
      expect(letter?.header.get(deadLetterHeaders.reason)).toMatch(/drop: .* got 7/)
    })
  })
})

describe('what a bridge remembers', () => {
  it('lets only its home side carry an event again that did not come across', async () => {
    await using home = createMemoryBus()
    await using abroad = createMemoryBus()
    const crossings = createCrossings()
    expect(crossings.begin('x', home)).toBe(true)
    // On its way: a second delivery leaves it to the first.
    expect(crossings.begin('x', home)).toBe(false)
    crossings.end('x', { across: false })
    expect(crossings.begin('x', abroad)).toBe(false)
    expect(crossings.begin('x', home)).toBe(true)
    crossings.end('x', { across: true })
    expect(crossings.begin('x', home)).toBe(false)
  })

  it('is only the latest', async () => {
    await using home = createMemoryBus()
    const crossings = createCrossings(2)
    for (const id of ['a', 'b', 'c']) expect(crossings.begin(id, home)).toBe(true)
    expect(crossings.begin('c', home)).toBe(false)
    expect(crossings.begin('a', home)).toBe(true)
  })
})

describe('two bridges that know nothing of each other', () => {
  it('bring an event back once, and then let it rest', async () => {
    await using one = createMemoryBus()
    await using other = createMemoryBus()
    await using _there = await bridge({ from: one, to: other, subjects, log })
    await using _back = await bridge({ from: other, to: one, subjects, log })
    const atHome = await listen(one, 'builder')
    const abroad = await listen(other, 'builder')
    const event = requested()
    await one.publish([event])
    expect(abroad).toEqual([event])
    expect(atHome).toEqual([event, event])
  })
})

describe('a bridge whose other side is away', { timeout: 60_000 }, () => {
  it('keeps what it carries until the other side is back, however often it has to try', async () => {
    await using away = await provideNats()
    const near = { nats: { ...natsSide().nats, deliveryLimit: 2, retryMs: { first: 10, longest: 10 } } }
    await using from = await openSide(near)
    await using to = await openSide(natsSide(away.url))
    const heard = await listen(to, 'builder')
    await using _bridge = await bridge({ from, to, subjects, log })
    await away.stop()
    const events = Array.from({ length: 5 }, requested)
    await from.publish(events)
    await eventually(() => {
      expect(to.state().connected).toBe(false)
    })
    await away.start()
    await eventually(() => {
      expect(heard.map(({ id }) => id)).toEqual(events.map(({ id }) => id))
    })
  })
})

describe('a bridge process between RabbitMQ and NATS', { timeout: 120_000 }, () => {
  it.each([
    ['NATS to RabbitMQ', natsSide, amqpSide],
    ['RabbitMQ to NATS', amqpSide, natsSide],
  ])('that is killed in the middle loses nothing on the way from %s', async (_way, createFrom, createTo) => {
    const [near, far] = [createFrom(), createTo()]
    await using from = await openSide(near)
    await using to = await openSide(far)
    const heard: string[] = []
    let kill: (() => void) | null = null
    await to.subscribe({
      service: 'builder',
      subjects,
      deliver: (some) => {
        heard.push(...some.map(({ id }) => id))
        if (heard.length > 40) kill?.()
        return Promise.resolve()
      },
    })
    await from.prepare([{ service: 'bridge', subjects }])
    const events = Array.from({ length: 400 }, requested)
    await from.publish(events.slice(0, 200))
    const first = await startBridge(near, far)
    kill = first.kill
    await first.ended
    kill = null
    await from.publish(events.slice(200))
    const second = await startBridge(near, far)
    await eventually(() => {
      expect(new Set(heard)).toEqual(new Set(events.map(({ id }) => id)))
    })
    second.kill()
    await second.ended
    // NATS knows what it has; RabbitMQ may have been told twice of what was on its way.
    if ('nats' in far) expect(heard).toHaveLength(events.length)
    expect(heard.length).toBeLessThanOrEqual(events.length + prefetch)
  })
})

const prefetch = 20

function natsSide(url = nats.url) {
  const stream = `bridge-${randomUUID().slice(0, 8)}`
  return { nats: { servers: [url], stream, subjectPrefix: stream, ackWaitMs: 1500, prefetch } }
}

function amqpSide() {
  const place = `b${randomUUID().slice(0, 8)}.`
  return { amqp: { url: rabbitmq.url, exchange: `${place}topic`, queuePrefix: place, prefetch } }
}

async function startBridge(from: Side, to: Side): Promise<{ kill: () => void; ended: Promise<void> }> {
  const started = Promise.withResolvers<number>()
  const script = join(import.meta.dirname, 'testing', 'bridge-process.ts')
  const args = [script, ...[from, to, subjects].map((one) => JSON.stringify(one))]
  const ended = run(process.execPath, args, {
    onLine: (line) => {
      if (line.startsWith('pid ')) started.resolve(Number(line.slice(4)))
    },
  }).then(
    () => {},
    // Killed by us, or the reason why it did not start.
    (error: unknown) => {
      started.reject(error)
    },
  )
  const pid = await started.promise
  let killed = false
  return {
    kill() {
      if (!killed) process.kill(pid, 'SIGKILL')
      killed = true
    },
    ended,
  }
}
