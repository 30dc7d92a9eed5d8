import { join } from 'node:path'
import { connect, type Options } from 'amqplib'
import { openAmqpBus } from '#bus/amqp/amqp-bus.ts'
import { toMessage } from '#bus/amqp/wire.ts'
import type { Bus } from '#bus/bus.ts'
import { say } from '#events/define.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { imageRequested } from '#events/image-requested.ts'
import { openPostgresLedger } from '#ledger/postgres/open.ts'
import { run } from '#subprocess/run.ts'
import { providePythonEnvironment } from '../brokers/python-venv.ts'
import { provideRabbitmq } from '../brokers/rabbitmq.ts'
import { cpuSecondsOfTree } from '../processes/cpu-time.ts'
import { log, provideLedgerServer } from './ledger-server.ts'

/** As the relay sends them. */
const batch = 200
const batchesAtOnce = 2
const rounds = 3
const publishRounds = 5
const subject = imageRequested.subject

/** Messages per second through one RabbitMQ: ours against amqplib alone and against fedora-messaging's own client. */
export async function measureBusRates(count: number): Promise<Record<string, number>> {
  const python = await providePythonEnvironment('bench', [
    'fedora-messaging',
    join(import.meta.dirname, '../../deploy/fedora-messages'),
  ])
  await using rabbitmq = await provideRabbitmq()
  await using database = await provideLedgerServer()
  await using ledger = await openPostgresLedger({ url: database.url, log })
  await using bus = await openAmqpBus({ url: rabbitmq.url, log, queuePrefix: 'bench.' })
  const accept = async (service: string, envelopes: readonly Envelope[]) => {
    const deliveries = envelopes.map((envelope) => ({ envelope, key: null, wanted: true, endsWork: false }))
    await ledger.accept(service, deliveries, new Date())
  }
  const rates: Record<string, number[]> = {}
  const note = (name: string, seconds: number) => (rates[name] ??= []).push(Math.round(count / seconds))

  for (let round = 0; round < rounds; round += 1) {
    const ours = `ours${String(round)}`
    const theirs = `theirs${String(round)}`
    await bus.prepare([ours, theirs].map((service) => ({ service, subjects: [subject] })))
    note('publish, ours', await publishOurs(bus, count))
    note('publish, amqplib alone', await publishAlone(rabbitmq.url, count, bare))
    note('consume-validate-store-ack, ours', await consumeOurs(bus, ours, { count, keep: accept }))
    const script = join(import.meta.dirname, 'consume.py')
    const { stdout } = await run(join(python, 'python'), [script, rabbitmq.url, `bench.${theirs}`, String(count)])
    note('consume, fedora-messaging', Number(stdout.trim()))
    await empty(rabbitmq.url, [`bench.${ours}`, `bench.${theirs}`])
  }
  const median = (values: readonly number[]) => values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0
  return Object.fromEntries(Object.entries(rates).map(([name, values]) => [`${name}, messages/s`, median(values)]))
}

/** Of one way to publish: messages a second, and processor microseconds a message. */
export interface PublishRate {
  readonly name: string
  readonly perSecond: number
  readonly ours: number
  readonly broker: number
}

/**
 * Where publishing spends its time: ours, amqplib alone with a bare message, and amqplib alone with the properties and
 * headers that ours has; each with two batches on their way, and ours with one as well. By turns; medians.
 */
export async function measurePublishRates(count: number): Promise<PublishRate[]> {
  await using rabbitmq = await provideRabbitmq()
  await using bus = await openAmqpBus({ url: rabbitmq.url, log, queuePrefix: 'bench.' })
  const { properties } = toMessage(requested(), { topicPrefix: '', account: bus.account ?? '' })
  const ways: Record<string, () => Promise<number>> = {
    ours: () => publishOurs(bus, count),
    'ours, one batch at a time': () => publishOurs(bus, count, 1),
    'amqplib alone, our properties': () => publishAlone(rabbitmq.url, count, { ...properties, mandatory: true }),
    'amqplib alone, bare': () => publishAlone(rabbitmq.url, count, bare),
    'amqplib alone, bare, one batch at a time': () => publishAlone(rabbitmq.url, count, bare, 1),
  }
  const rounds = new Map(Object.keys(ways).map((name) => [name, [] as Omit<PublishRate, 'name'>[]]))
  for (let round = 0; round < publishRounds; round += 1) {
    for (const [name, publish] of Object.entries(ways)) {
      const queues = ['one', 'two'].map((one) => `${one}${String(round)}`)
      const isOurs = name.startsWith('ours')
      if (isOurs) await bus.prepare(queues.map((service) => ({ service, subjects: [subject] })))
      const broker = await cpuSecondsOfTree(rabbitmq.place.folder)
      const own = process.cpuUsage()
      const seconds = await publish()
      const { user, system } = process.cpuUsage(own)
      rounds.get(name)?.push({
        perSecond: count / seconds,
        ours: (user + system) / count,
        broker: (((await cpuSecondsOfTree(rabbitmq.place.folder)) - broker) * 1e6) / count,
      })
      if (isOurs) {
        await empty(
          rabbitmq.url,
          queues.map((queue) => `bench.${queue}`),
        )
      }
    }
  }
  const median = (values: readonly number[]) =>
    Math.round(values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0)
  return [...rounds].map(([name, all]) => ({
    name,
    perSecond: median(all.map(({ perSecond }) => perSecond)),
    ours: median(all.map(({ ours }) => ours)),
    broker: median(all.map(({ broker }) => broker)),
  }))
}

async function publishOurs(bus: Bus, count: number, atOnce = batchesAtOnce): Promise<number> {
  const events = Array.from({ length: count }, requested)
  const began = performance.now()
  await inBatches(count, atOnce, (from, to) => bus.publish(events.slice(from, to)))
  return (performance.now() - began) / 1_000
}

/** Sends in batches, in order, so many of them on their way at a time. */
async function inBatches(
  count: number,
  atOnce: number,
  send: (from: number, to: number) => Promise<void>,
): Promise<void> {
  const underway: Promise<void>[] = []
  for (let from = 0; from < count; from += batch) {
    if (underway.length === atOnce) await underway.shift()
    underway.push(send(from, Math.min(from + batch, count)))
  }
  await Promise.all(underway)
}

type Properties = Options.Publish

/** What a message needs to be kept, and no more. */
const bare: Properties = { persistent: true, contentType: 'application/json' }

/** Nothing but the library: the same bodies into as many quorum queues, persistent, confirmed, as many at a time. */
async function publishAlone(
  url: string,
  count: number,
  properties: Properties,
  atOnce = batchesAtOnce,
): Promise<number> {
  const connection = await connect(url)
  const channel = await connection.createConfirmChannel()
  const queues = ['alone.1', 'alone.2']
  for (const queue of queues) {
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } })
    await channel.bindQueue(queue, 'amq.topic', 'alone')
  }
  const body = Buffer.from(JSON.stringify(imageRequested.example))
  const send = async (from: number, to: number) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    let open = to - from
    const confirmed = () => {
      open -= 1
      if (open === 0) resolve()
    }
    for (let index = from; index < to; index += 1) channel.publish('amq.topic', 'alone', body, properties, confirmed)
    await promise
  }
  const began = performance.now()
  await inBatches(count, atOnce, send)
  const seconds = (performance.now() - began) / 1_000
  for (const queue of queues) await channel.deleteQueue(queue)
  await connection.close()
  return seconds
}

async function consumeOurs(
  bus: Bus,
  service: string,
  {
    count,
    keep,
  }: { readonly count: number; readonly keep: (service: string, envelopes: readonly Envelope[]) => Promise<void> },
): Promise<number> {
  const done = Promise.withResolvers<number>()
  let began = 0
  let seen = 0
  await using _subscription = await bus.subscribe({
    service,
    subjects: [subject],
    async deliver(envelopes) {
      if (began === 0) began = performance.now()
      await keep(service, envelopes)
      seen += envelopes.length
      if (seen >= count) done.resolve((performance.now() - began) / 1_000)
    },
  })
  return await done.promise
}

/** The next round begins with empty queues that take nothing more. */
async function empty(url: string, queues: readonly string[]): Promise<void> {
  const connection = await connect(url)
  const channel = await connection.createChannel()
  for (const queue of queues) await channel.deleteQueue(queue)
  await connection.close()
}

function requested(): Envelope {
  return seal(say(imageRequested, imageRequested.example), { now: new Date() })
}
