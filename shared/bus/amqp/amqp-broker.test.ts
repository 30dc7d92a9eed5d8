import { randomUUID } from 'node:crypto'
import { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { composeStatusChanged } from '#events/compose.ts'
import { say } from '#events/define.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { seal } from '#events/envelope.ts'
import { startTcpProxy } from '#test/brokers/tcp-proxy.ts'
import { eventually, listen, progressOf, requested } from '../bus.contract.ts'
import { NotPublished } from '../bus.ts'
import { openAmqpBus } from './amqp-bus.ts'
import type { AmqpOptions } from './options.ts'
import { BrokerRefused } from './refusal.ts'
import { testDefinitions } from './testing/definitions-tests.ts'
import { openGuardedBroker, type GuardedBroker } from './testing/guarded-broker.ts'
import { openRaw } from './testing/raw.ts'

let broker: GuardedBroker
beforeAll(async () => {
  broker = await openGuardedBroker()
}, 120_000)
afterAll(() => broker[Symbol.asyncDispose](), 60_000)

describe('publishing to RabbitMQ', { timeout: 60_000 }, () => {
  it('says by id which events no queue takes, and sends the others', async () => {
    await using bus = await broker.open()
    const heard = await listen(bus, 'builder')
    const unheard = seal(say(dropCancelled, dropCancelled.example), { now: new Date() })
    const event = requested()
    const failure: unknown = await bus.publish([unheard, event]).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(NotPublished)
    expect([...(failure as NotPublished).reasons]).toEqual([[unheard.id, 'drop.cancelled.v1: no queue is bound to it']])
    await eventually(() => {
      expect(heard).toEqual([event])
    })
    expect(bus.state().published).toBe(1)
  })

  it('sends the events that it is given at once in a few calls of the system, not in one for each', async () => {
    await using bus = await broker.open()
    await listen(bus, 'builder')
    await bus.publish([requested()])
    const calls = [vi.spyOn(Socket.prototype, '_write'), vi.spyOn(Socket.prototype, '_writev')]
    await bus.publish(Array.from({ length: 200 }, requested))
    const count = calls.reduce((sum, { mock }) => sum + mock.calls.length, 0)
    calls.forEach((call) => {
      call.mockRestore()
    })
    expect(count).toBeLessThan(50)
  })

  it('says which events the broker refused to store', async () => {
    const options = broker.place()
    await using bus = await openAmqpBus(options)
    await listen(bus, 'builder')
    await using raw = await openRaw(broker.url)
    const full = { 'x-max-length': 1, 'x-overflow': 'reject-publish' }
    await raw.channel.assertQueue(`${options.queuePrefix}full`, { exclusive: true, arguments: full })
    await raw.channel.bindQueue(`${options.queuePrefix}full`, options.exchange, '#')
    const events = Array.from({ length: 5 }, requested)
    const failure: unknown = await bus.publish(events).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(NotPublished)
    expect([...(failure as NotPublished).reasons.values()]).toContain(
      'image.requested.v1: the broker could not store it',
    )
  })

  it('takes the connection for dead when the broker is silent, and works again on a new one', async () => {
    await using proxy = await startTcpProxy(broker.port)
    const bus = await broker.open({ url: proxy.url(broker.url), confirmTimeout: 300 })
    const heard = await listen(bus, 'builder')
    proxy.stall()
    await expect(bus.publish([requested()])).rejects.toThrow('the broker did not confirm 1 events in 300 ms')
    proxy.resume()
    const event = requested()
    await eventually(() => bus.publish([event]))
    await eventually(() => {
      expect(heard).toContainEqual(event)
    })
    proxy.stall()
    // Nobody answers any more; closing does not wait for ever.
    await bus[Symbol.asyncDispose]()
  })

  it('refuses to publish where it may only read', async () => {
    await using bus = await broker.open({ publish: false, exchange: 'amq.topic' })
    await expect(bus.publish([requested()])).rejects.toThrow('may only read')
  })
})

describe('listening to RabbitMQ', { timeout: 60_000 }, () => {
  it('hears compose messages below any prefix, without headers, and those of the bridge from fedmsg', async () => {
    const options = broker.place()
    const bridge = `${options.queuePrefix}zmq.topic`
    await using raw = await openRaw(broker.url)
    await raw.channel.assertExchange(bridge, 'topic', { autoDelete: true })
    await using bus = await openAmqpBus({ ...options, foreignExchanges: [bridge] })
    const heard = await listen(bus, 'scheduler', [composeStatusChanged.subject])
    const { example, subject } = composeStatusChanged
    const topics = [subject, `org.fedoraproject.prod.${subject}`, `org.fedoraproject.stg.${subject}`]
    for (const topic of topics) raw.channel.publish(options.exchange, topic, Buffer.from(JSON.stringify(example)))
    const fedmsg = { i: 1, timestamp: 1449600728, msg_id: `2015-${randomUUID()}`, topic: topics[1], msg: example }
    raw.channel.publish(bridge, topics[1] ?? '', Buffer.from(JSON.stringify(fedmsg)))
    await eventually(() => {
      expect(heard).toHaveLength(4)
    })
    for (const event of heard) expect(event).toMatchObject({ subject, body: example })
    expect(new Set(heard.map(({ id }) => id)).size).toBe(4)
  })

  it('comes back when its queue was deleted', async () => {
    const options = broker.place()
    await using bus = await openAmqpBus(options)
    const heard = await listen(bus, 'builder')
    await using raw = await openRaw(broker.url)
    await raw.channel.deleteQueue(`${options.queuePrefix}builder`)
    const event = requested()
    await eventually(() => bus.publish([event]))
    await eventually(() => {
      expect(heard).toEqual([event])
    })
  })

  it('waits for a broker that is away when it starts', async () => {
    await using proxy = await startTcpProxy(broker.port)
    proxy.cut()
    await using bus = await broker.open({ url: proxy.url(broker.url) })
    expect(bus.state()).toMatchObject({ connected: false, detail: expect.stringMatching(/./) as string })
    await expect(bus.publish([requested()])).rejects.toThrow('no connection to the broker')
    const listening = listen(bus, 'builder')
    proxy.heal()
    const heard = await listening
    const event = requested()
    await eventually(() => bus.publish([event]))
    await eventually(() => {
      expect(heard).toEqual([event])
    })
  })

  it('notices within some heartbeats that a silent broker is gone', async () => {
    await using proxy = await startTcpProxy(broker.port)
    await using bus = await broker.open({ url: proxy.url(broker.url), heartbeat: 1 })
    proxy.stall()
    await eventually(() => {
      expect(bus.state().connected).toBe(false)
    })
    proxy.resume()
    await eventually(() => {
      expect(bus.state().connected).toBe(true)
    })
  })

  it('shows a job four times a second at most, and in the end as it is', async () => {
    await using bus = await broker.open()
    const seen: string[] = []
    using _watching = bus.watch(({ phase }) => seen.push(phase))
    await eventually(() => {
      bus.signal(progressOf('first'))
      expect(seen).toContain('first')
    })
    for (let done = 1; done <= 100; done += 1) bus.signal({ ...progressOf('second'), phase: String(done) })
    await eventually(() => {
      expect(seen.at(-1)).toBe('100')
    })
    expect(seen.filter((phase) => phase !== 'first')).toEqual(['1', '100'])
  })

  it('finds its UUID queue again after a restart of ours', async () => {
    const options: AmqpOptions = { ...broker.place(), queueNames: 'uuid', queueSeed: randomUUID() }
    const first = await openAmqpBus(options)
    await listen(first, 'builder')
    await first[Symbol.asyncDispose]()
    await using publisher = await openAmqpBus(options)
    const event = requested()
    await publisher.publish([event])
    await using again = await openAmqpBus(options)
    const heard = await listen(again, 'builder')
    await eventually(() => {
      expect(heard).toEqual([event])
    })
  })
})

describe('a broker that refuses us', { timeout: 60_000 }, () => {
  it.each([
    ['the password', () => broker.url.replace('guest:guest', 'guest:wrong'), /403 \(ACCESS[-_]REFUSED\)/],
    ['the virtual host', () => `${broker.url}/nowhere`, /no virtual host nowhere/],
  ])('is not asked again about %s', async (_what, url, message) => {
    const failure: unknown = await broker.open({ url: url() }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(BrokerRefused)
    expect((failure as Error).message).toMatch(message)
  })

  it('ends the bus with its reason when a queue has other arguments', async () => {
    const options = broker.place()
    await using bus = await openAmqpBus(options)
    await bus.prepare([{ service: 'builder', subjects: [] }])
    await using other = await openAmqpBus({ ...options, deliveryLimit: 7 })
    await expect(other.prepare([{ service: 'builder', subjects: [] }])).rejects.toThrow(/406.*x-delivery-limit/)
    expect(other.givenUp.reason).toBeInstanceOf(BrokerRefused)
    expect(bus.givenUp.aborted).toBe(false)
  })

  it('ends the bus when it is told another account than ours: nobody sends under a name that is not theirs', async () => {
    await using bus = await broker.open({ account: 'imagedrop-operator' })
    await listen(bus, 'builder')
    await expect(bus.publish([requested()])).rejects.toThrow(/406.*user_id property set to 'imagedrop-operator'/)
    expect(bus.givenUp.reason).toBeInstanceOf(BrokerRefused)
  })

  it('ends the bus when a queue is missing that it may not declare', async () => {
    await using bus = await broker.open({ passive: true, exchange: 'amq.topic' })
    await expect(listen(bus, 'builder')).rejects.toThrow(/404.*NOT[-_]FOUND/)
    expect(bus.givenUp.reason).toBeInstanceOf(BrokerRefused)
  })
})

testDefinitions(() => broker)
