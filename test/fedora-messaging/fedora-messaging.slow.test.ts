import { connect } from 'amqplib'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openAmqpBus } from '#bus/amqp/amqp-bus.ts'
import { severityNumbers } from '#bus/headers.ts'
import type { EventDefinition } from '#events/define.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { ownEvents } from '#events/index.ts'
import { InvalidEvent } from '#events/parse.ts'
import { provideRabbitmq } from '#test/brokers/rabbitmq.ts'
import type { Server } from '#test/brokers/server.ts'
import { startPeer, type Peer } from './peer.ts'

const events: readonly EventDefinition[] = ownEvents
const examples = events.map(({ subject, example }) => ({ subject, body: example }))
const topicPrefix = 'org.fedoraproject.prod'
const [first] = examples
const wrong = { subject: 'drop.cancelled.v1', body: { drop: '../../etc', by: 'dgilmore' } }

let server: Server
let peer: Peer
const stack = new AsyncDisposableStack()
beforeAll(async () => {
  server = stack.use(await provideRabbitmq())
  peer = stack.use(await startPeer(server.url, topicPrefix))
})
afterAll(() => stack.disposeAsync())

describe('the Python package', () => {
  it('has a class for every event, which accepts the example and shows people what we show them', async () => {
    const said = await peer.ask(['describe'], examples)
    for (const [index, event] of events.entries()) {
      const one = said[index]
      expect(one, event.subject).toMatchObject({ topic: event.subject, app: 'imagedrop', packages: [], complaints: [] })
      expect(one?.summary).toBe(event.summary(event.example))
      expect(one?.severity, event.subject).toBe(severityNumbers[event.severity])
      expect(one?.class).not.toBe('Message')
    }
    expect(said).toHaveLength(examples.length)
  })

  it('fills sentences as we do when fields are null, lists are empty and texts are strange', async () => {
    const tested = example('image.tested.v1')
    const checks = ['ssh', 'growpart'].map((name) => ({ name, outcome: 'failed', seconds: 1, detail: '' }))
    const failed = example('image.failed.v1')
    const failure = { step: 'builder', class: 'recipe', reason: 'a {brace}, a | and\na second line ü', log: null }
    const bodies = [
      { subject: 'image.tested.v1', body: { ...tested, verdict: 'failed', checks } },
      { subject: 'image.failed.v1', body: { ...failed, failure } },
      { subject: 'cadence.reached.v1', body: { ...example('cadence.reached.v1'), stream: null } },
      { subject: 'drop.requested.v1', body: { ...example('drop.requested.v1'), message: {} } },
      { subject: 'drop.ready.v1', body: { ...example('drop.ready.v1'), images: [] } },
      { subject: 'drop.superseded.v1', body: { ...example('drop.superseded.v1'), images: [] } },
    ]
    const said = await peer.ask(['describe'], bodies)
    const ours = bodies.map(({ subject, body }) => events.find((event) => event.subject === subject)?.summary(body))
    // An empty list of images is refused there as here, so it has no summary.
    expect(said.map((one) => one.refused ?? one.summary)).toEqual(ours.with(4, '[] should be non-empty'))
  })

  it('tells who acted, and links to the compose or to the page of the announcement', async () => {
    const announced = example('drop.announced.v1')
    const page = { channel: 'page', to: 'https://images.example.org/index.html', id: 'page' }
    const [blessed, policy, told] = await peer.ask(
      ['describe'],
      [
        { subject: 'drop.blessed.v1', body: example('drop.blessed.v1') },
        { subject: 'drop.blessed.v1', body: { ...example('drop.blessed.v1'), by: 'policy' } },
        { subject: 'drop.announced.v1', body: { ...announced, told: [page] } },
      ],
    )
    expect(blessed).toMatchObject({ agent: 'dgilmore', usernames: ['dgilmore'] })
    expect(blessed?.url).toMatch(/^https:.*\/compose$/)
    expect(policy).toMatchObject({ agent: null, usernames: [] })
    expect(told?.url).toBe(page.to)
  })

  it('lets a field through that a newer imagedrop adds', async () => {
    const body = { ...example('drop.blessed.v1'), reason: 'it boots' }
    expect(await peer.ask(['describe'], [{ subject: 'drop.blessed.v1', body }])).toMatchObject([{ body }])
  })
})

describe('on one RabbitMQ', () => {
  it('they consume every example that we publish, with their class, and complain of nothing', async () => {
    await declareQueue('theirs')
    await using bus = await openBus('publishing')
    // What no queue takes is not published; the queue of the peer takes all.
    const envelopes = examples.map((one) => seal(one, { now: new Date('2026-01-02T03:04:05.678Z') }))
    await bus.publish(envelopes)
    const said = await peer.ask(['consume', 'theirs', String(envelopes.length)])
    for (const [index, { id, subject, body }] of envelopes.entries()) {
      expect(said[index], subject).toMatchObject({ id, topic: `${topicPrefix}.${subject}`, body })
      expect(said[index]?.summary).toBe(events[index]?.summary(body))
      expect(said[index]?.headers).toMatchObject({ 'sent-at': '2026-01-02T03:04:05+00:00' })
    }
    expect(said.at(-1)?.complaints).toEqual([])
  })

  it('our headers are those that their class would have made, besides what only we tell', async () => {
    const made = await peer.ask(['describe'], examples)
    await declareQueue('headers')
    await using bus = await openBus('headers')
    await bus.publish(examples.map((one) => seal(one, { now: new Date() })))
    const said = await peer.ask(['consume', 'headers', String(examples.length)])
    for (const [index, { headers }] of made.entries()) {
      const { 'sent-at': _sent, ...expected } = headers
      expect(said[index]?.headers, examples[index]?.subject).toMatchObject(expected)
    }
  })

  it('we consume every example that they publish', async () => {
    await using bus = await openBus('consuming')
    const received: Envelope[] = []
    const subjects = events.map((event) => event.subject)
    await using _subscription = await bus.subscribe({
      service: 'reader',
      subjects,
      deliver: (envelopes) => Promise.resolve(void received.push(...envelopes)),
    })
    const said = await peer.ask(['publish'], examples)
    await vi.waitFor(() => {
      expect(received).toHaveLength(examples.length)
    }, 20_000)
    expect(received.map(({ id, subject, body }) => ({ id, subject, body }))).toEqual(
      examples.map((one, index) => ({ id: said[index]?.id, ...one })),
    )
  })

  it('both refuse to publish a wrong message, and to take one that somebody else published', async () => {
    const [refusal] = await peer.ask(['publish'], [wrong])
    expect(refusal?.refused).toContain('../../etc')

    await using bus = await openBus('refusing')
    await expect(bus.publish([seal(wrong, { now: new Date() })])).rejects.toThrow(InvalidEvent)

    await declareQueue('refusing')
    await using _subscription = await bus.subscribe({
      service: 'refuser',
      subjects: [wrong.subject, first?.subject ?? ''],
      deliver: () => Promise.resolve(),
    })
    await publishRaw(wrong)
    await bus.publish(examples.slice(0, 1).map((one) => seal(one, { now: new Date() })))
    await vi.waitFor(() => {
      expect(bus.state()).toMatchObject({ refused: 1, delivered: 1 })
    }, 20_000)
    const said = await peer.ask(['consume', 'refusing', '1'])
    expect(said).toMatchObject([{ topic: `${topicPrefix}.${first?.subject ?? ''}` }])
    expect(said[0]?.complaints).toEqual([
      expect.stringContaining('validation of DropCancelledV1'),
      expect.stringContaining('did not pass validation; ignoring message'),
    ])
  })
})

function example(subject: string): Record<string, unknown> {
  const found = events.find((event) => event.subject === subject)?.example
  if (typeof found !== 'object' || found === null) throw new Error(`there is no event ${subject}`)
  return { ...found }
}

function openBus(name: string) {
  const log = pino({ level: 'silent' })
  return openAmqpBus({ url: server.url, topicPrefix, queuePrefix: `imagedrop.${name}.`, log })
}

async function declareQueue(name: string): Promise<void> {
  const connection = await connect(server.url)
  const channel = await connection.createChannel()
  await channel.assertQueue(name, { durable: true })
  await channel.bindQueue(name, 'amq.topic', '#')
  await connection.close()
}

/** A message as a publisher that checks nothing sends it. */
async function publishRaw({ subject, body }: { subject: string; body: unknown }): Promise<void> {
  const connection = await connect(server.url)
  const channel = await connection.createConfirmChannel()
  channel.publish('amq.topic', `${topicPrefix}.${subject}`, Buffer.from(JSON.stringify(body)), {
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    headers: { fedora_messaging_schema: `imagedrop.${subject}`, fedora_messaging_severity: 30 },
  })
  await channel.waitForConfirms()
  await connection.close()
}
