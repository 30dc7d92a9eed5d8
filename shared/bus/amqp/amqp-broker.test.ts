import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'amqplib'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { composeStatusChanged } from '#events/compose.ts'
import { say } from '#events/define.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import { run } from '#subprocess/run.ts'
import { provideGuardedRabbitmq, type Guarded } from '#test/brokers/accounts.ts'
import { freePort, type Server } from '#test/brokers/server.ts'
import { startTcpProxy } from '#test/brokers/tcp-proxy.ts'
import { definitionsAreCurrent } from '../../../deploy/rabbitmq/generate.ts'
import { eventually, listen, progressOf, requested } from '../bus.contract.ts'
import { NotPublished, type Bus } from '../bus.ts'
import { openAmqpBus } from './amqp-bus.ts'
import type { AmqpOptions } from './options.ts'
import { BrokerRefused } from './refusal.ts'
import { toMessage } from './wire.ts'

let guarded: Guarded
let server: Server
let folder: string
let secureUrl: string

/** A broker as an administrator sets it up: our definitions loaded, TLS with client certificates beside plain text. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-amqp-'))
  await makeCertificates(['server', 'imagedrop-builder', 'stranger'])
  const port = await freePort()
  secureUrl = `amqps://127.0.0.1:${String(port)}/imagedrop`
  guarded = await provideGuardedRabbitmq({
    plugins: ['rabbitmq_auth_mechanism_ssl'],
    conf: [
      `listeners.ssl.1 = 127.0.0.1:${String(port)}`,
      `ssl_options.cacertfile = ${file('ca.pem')}`,
      `ssl_options.certfile = ${file('server.pem')}`,
      `ssl_options.keyfile = ${file('server.key')}`,
      'ssl_options.verify = verify_peer',
      'ssl_options.fail_if_no_peer_cert = true',
      'auth_mechanisms.1 = PLAIN',
      'auth_mechanisms.2 = EXTERNAL',
      'ssl_cert_login_from = common_name',
    ],
  })
  ;({ server } = guarded)
}, 120_000)
afterAll(async () => {
  await guarded[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
}, 60_000)

describe('publishing to RabbitMQ', { timeout: 60_000 }, () => {
  it('says by id which events no queue takes, and sends the others', async () => {
    await using bus = await open()
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
    await using bus = await open()
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
    const options = place()
    await using bus = await openAmqpBus(options)
    await listen(bus, 'builder')
    await using raw = await openRaw()
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
    await using proxy = await startTcpProxy(portOf(server.url))
    const bus = await openAmqpBus({ ...place(), url: proxy.url(server.url), confirmTimeout: 300 })
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
    await using bus = await open({ publish: false, exchange: 'amq.topic' })
    await expect(bus.publish([requested()])).rejects.toThrow('may only read')
  })
})

describe('listening to RabbitMQ', { timeout: 60_000 }, () => {
  it('hears compose messages below any prefix, without headers, and those of the bridge from fedmsg', async () => {
    const options = place()
    const bridge = `${options.queuePrefix}zmq.topic`
    await using raw = await openRaw()
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
    const options = place()
    await using bus = await openAmqpBus(options)
    const heard = await listen(bus, 'builder')
    await using raw = await openRaw()
    await raw.channel.deleteQueue(`${options.queuePrefix}builder`)
    const event = requested()
    await eventually(() => bus.publish([event]))
    await eventually(() => {
      expect(heard).toEqual([event])
    })
  })

  it('waits for a broker that is away when it starts', async () => {
    await using proxy = await startTcpProxy(portOf(server.url))
    proxy.cut()
    await using bus = await openAmqpBus({ ...place(), url: proxy.url(server.url) })
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
    await using proxy = await startTcpProxy(portOf(server.url))
    await using bus = await openAmqpBus({ ...place(), url: proxy.url(server.url), heartbeat: 1 })
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
    await using bus = await open()
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
    const options: AmqpOptions = { ...place(), queueNames: 'uuid', queueSeed: randomUUID() }
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
    ['the password', () => server.url.replace('guest:guest', 'guest:wrong'), /403 \(ACCESS[-_]REFUSED\)/],
    ['the virtual host', () => `${server.url}/nowhere`, /no virtual host nowhere/],
  ])('is not asked again about %s', async (_what, url, message) => {
    const failure: unknown = await openAmqpBus({ ...place(), url: url() }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(BrokerRefused)
    expect((failure as Error).message).toMatch(message)
  })

  it('ends the bus with its reason when a queue has other arguments', async () => {
    const options = place()
    await using bus = await openAmqpBus(options)
    await bus.prepare([{ service: 'builder', subjects: [] }])
    await using other = await openAmqpBus({ ...options, deliveryLimit: 7 })
    await expect(other.prepare([{ service: 'builder', subjects: [] }])).rejects.toThrow(/406.*x-delivery-limit/)
    expect(other.givenUp.reason).toBeInstanceOf(BrokerRefused)
    expect(bus.givenUp.aborted).toBe(false)
  })

  it('ends the bus when it is told another account than ours: nobody sends under a name that is not theirs', async () => {
    await using bus = await open({ account: 'imagedrop-operator' })
    await listen(bus, 'builder')
    await expect(bus.publish([requested()])).rejects.toThrow(/406.*user_id property set to 'imagedrop-operator'/)
    expect(bus.givenUp.reason).toBeInstanceOf(BrokerRefused)
  })

  it('ends the bus when a queue is missing that it may not declare', async () => {
    await using bus = await open({ passive: true, exchange: 'amq.topic' })
    await expect(listen(bus, 'builder')).rejects.toThrow(/404.*NOT[-_]FOUND/)
    expect(bus.givenUp.reason).toBeInstanceOf(BrokerRefused)
  })
})

describe('the definitions in deploy/rabbitmq, over TLS with client certificates', { timeout: 60_000 }, () => {
  it('are what the code would write', async () => {
    expect(await definitionsAreCurrent()).toBe(true)
  })

  it('let a service hear its queue and publish its events, known by its certificate alone', async () => {
    await using bus = await secure('imagedrop-builder')
    const heard = await listen(bus, 'builder')
    const event = requested()
    const built = seal(say(imageBuilt, imageBuilt.example), { now: new Date() })
    await bus.publish([built])
    await using raw = await openRaw(`${server.url}/imagedrop`)
    const { content, properties } = toMessage(event, { topicPrefix: '', account: 'guest' })
    raw.channel.publish('amq.topic', event.subject, content, properties)
    await eventually(() => {
      expect(heard).toEqual([event])
    })
    expect(bus.account).toBe('imagedrop-builder')
  })

  it.each([
    ['hear the queue of another service', (bus: Bus) => listen(bus, 'converter')],
    ['speak for others', (bus: Bus) => bus.publish([compose()])],
  ])('do not let a service %s', async (_what, attempt) => {
    await using bus = await secure('imagedrop-builder')
    await expect(attempt(bus)).rejects.toThrow(/403 \(ACCESS[-_]REFUSED\)/)
    expect(bus.givenUp.reason).toBeInstanceOf(BrokerRefused)
  })

  it('put what is no event with the dead letters of the service', async () => {
    await using bus = await secure('imagedrop-builder')
    await listen(bus, 'builder')
    await using raw = await openRaw(`${server.url}/imagedrop`)
    raw.channel.publish('amq.topic', 'image.requested.v1', Buffer.from('no { JSON'))
    await eventually(async () => {
      const letter = await raw.channel.get('imagedrop.builder.dead', { noAck: true })
      expect(letter && letter.content.toString()).toBe('no { JSON')
    })
    expect(bus.state().refused).toBe(1)
  })

  it('know nobody else', async () => {
    await expect(secure('stranger')).rejects.toThrow(BrokerRefused)
  })

  it('are not believed when the broker cannot prove who it is', async () => {
    const { ca: _, ...tls } = tlsOf('imagedrop-builder')
    await using bus = await openAmqpBus({ ...place(), url: secureUrl, tls })
    expect(bus.state()).toMatchObject({ connected: false, detail: expect.stringMatching(/certificate/) as string })
  })
})

function place() {
  const queuePrefix = `t${randomUUID().slice(0, 8)}.`
  return {
    url: server.url,
    exchange: `${queuePrefix}topic`,
    queuePrefix,
    retry: { firstDelay: 50, maxDelay: 500 },
    reconnect: { firstDelay: 50, maxDelay: 500 },
    log: pino({ level: process.env['LOG'] ?? 'silent' }),
  } satisfies AmqpOptions
}

async function open(options: Partial<AmqpOptions> = {}): Promise<Bus> {
  return await openAmqpBus({ ...place(), ...options })
}

async function secure(account: string): Promise<Bus> {
  const { log, retry, reconnect } = place()
  return await openAmqpBus({ url: secureUrl, passive: true, tls: tlsOf(account), log, retry, reconnect })
}

function tlsOf(account: string) {
  return { ca: file('ca.pem'), cert: file(`${account}.pem`), key: file(`${account}.key`) }
}

function compose(): Envelope {
  return seal(say(composeStatusChanged, composeStatusChanged.example), { now: new Date() })
}

async function openRaw(url = server.url) {
  const model = await connect(url)
  const channel = await model.createChannel()
  return {
    channel,
    async [Symbol.asyncDispose]() {
      await channel.close()
      await model.close()
    },
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}

function file(name: string): string {
  return join(folder, name)
}

/** An authority, and a certificate of it for each name. */
async function makeCertificates(names: readonly string[]): Promise<void> {
  const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
  await openssl(`req -x509 ${newKey} -days 2 -subj /CN=authority -keyout ${file('ca.key')} -out ${file('ca.pem')}`)
  await writeFile(file('names'), 'subjectAltName=IP:127.0.0.1\n')
  for (const name of names) {
    await openssl(`req ${newKey} -subj /CN=${name} -keyout ${file(`${name}.key`)} -out ${file(`${name}.csr`)}`)
    const signed = `-CA ${file('ca.pem')} -CAkey ${file('ca.key')} -CAcreateserial -extfile ${file('names')}`
    await openssl(`x509 -req -days 2 -in ${file(`${name}.csr`)} ${signed} -out ${file(`${name}.pem`)}`)
  }
}

async function openssl(line: string): Promise<void> {
  await run('openssl', line.split(' '))
}
