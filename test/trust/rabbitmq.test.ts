import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type Options } from 'amqplib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toMessage } from '#bus/amqp/wire.ts'
import type { EventDefinition } from '#events/define.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { foreignEvents, ownEvents } from '#events/index.ts'
import { blessingRequested, operatorRequests } from '#events/operator.ts'
import { run } from '#subprocess/run.ts'
import { house } from '#test/support/house.ts'
import { mighty, provideGuardedRabbitmq, type Guarded } from '../brokers/accounts.ts'
import { startGuardedLine, type GuardedLine } from './line.ts'
import { announceOne, forgeriesOf, patience, said, stageMilestone, traceOf } from './story.ts'

const imagedrop = join(import.meta.dirname, '..', '..', 'cli', 'imagedrop.js')
const services = await house.definitions()
const everything: readonly EventDefinition[] = [...ownEvents, ...foreignEvents]

const cleanup = new AsyncDisposableStack()
let broker: Guarded
let line: GuardedLine
beforeAll(async () => {
  broker = cleanup.use(await provideGuardedRabbitmq())
  line = cleanup.use(await startGuardedLine(broker))
}, 180_000)
afterAll(() => cleanup.disposeAsync(), 60_000)

describe('RabbitMQ with the definitions of deploy/rabbitmq', { timeout: 120_000 }, () => {
  it('lets a whole drop through, each service with its own accounts', async () => {
    await announceOne(line)
    expect(line.refusals).toEqual([])
    const [blessed] = await said(line.ledger, 'drop.blessed.v1')
    expect(blessed?.body).toMatchObject({ by: 'policy' })
  })

  it.each(services.map(({ name, emits }) => [name, emits.map(({ subject }) => subject)] as const))(
    'lets the %s publish what it says, and nothing that others say or people ask',
    async (name, emits) => {
      expect(await allowedTo(`imagedrop-${name}`)).toEqual(
        everything.map(({ subject }) => subject).filter((one) => emits.includes(one)),
      )
    },
  )

  it('lets operators ask, and say nothing else', async () => {
    const requests = operatorRequests.map(({ subject }) => subject)
    expect((await allowedTo('imagedrop-operator')).toSorted()).toEqual(requests.toSorted())
    expect(await allowedTo('imagedrop-owner')).toEqual([])
  })

  it('lets nobody write into the queue of another, or show the progress of another', async () => {
    for (const { name } of services) {
      const account = `imagedrop-${name}`
      expect(await publish(account, { exchange: '', key: 'imagedrop.scheduler' })).toMatch(/403/)
      expect(await publish(account, { exchange: 'imagedrop.dead', key: 'imagedrop.scheduler' })).toMatch(/403/)
      expect(await publish(account, { exchange: 'imagedrop.job-progress', key: name })).toBeNull()
      for (const other of services.filter((one) => one.name !== name)) {
        expect(await publish(account, { exchange: 'imagedrop.job-progress', key: other.name })).toMatch(/403/)
      }
    }
  })

  it('lets nobody send under the name of another', async () => {
    const message = { exchange: 'amq.topic', key: 'image.built.v1', userId: 'imagedrop-scheduler' }
    expect(await publish('imagedrop-builder', message)).toMatch(/406.*user_id property set to 'imagedrop-scheduler'/)
  })
})

describe('services on RabbitMQ, and an account that may publish too much', { timeout: 120_000 }, () => {
  let drop: string
  beforeAll(async () => {
    ;({ drop } = await stageMilestone(line))
  }, 60_000)

  it.each([
    ['its own name', mighty],
    ['no name', undefined],
  ])('take no forged word or request from it under %s', async (_how, userId) => {
    const refused = line.refusals.length
    const before = await traceOf(line.ledger)
    const forgeries = await forgeriesOf(line.ledger, drop)
    for (const forgery of forgeries) expect(await publishEvent(mighty, forgery, { userId })).toBeNull()
    // The mirror hears the blessing and the scheduler the verdict; every cloud hears both.
    const clouds = house.steps.filter(({ publishes }) => publishes?.after === 'tests').length
    await expect.poll(() => line.refusals.length - refused, patience).toBe(forgeries.length + 2 * clouds)
    expect(await traceOf(line.ledger)).toEqual(before)
    for (const { refusal } of line.refusals.slice(refused))
      expect(refusal).toMatchObject({ drop, sender: userId ?? null })
  })

  it('take no word from a service that says it on a second topic: the first one counts', async () => {
    const before = await traceOf(line.ledger)
    const [blessed] = await forgeriesOf(line.ledger, drop)
    if (!blessed) throw new Error('there is nothing to forge')
    const { content, properties } = toMessage(blessed, { topicPrefix: '', account: 'imagedrop-builder' })
    await publish('imagedrop-builder', {
      exchange: 'amq.topic',
      key: 'image.built.v1',
      content,
      ...properties,
      CC: ['drop.blessed.v1', 'drop.blessing.requested.v1'],
    })
    await sleep(1_000)
    const after = (await traceOf(line.ledger)) as { events: unknown }
    expect(after).toEqual(before)
  })

  it('take the blessing of an operator, in the name that the broker vouches for', async () => {
    const request = seal({ subject: blessingRequested.subject, body: { drop, by: 'dgilmore' } }, { now: new Date() })
    await using bus = await line.openBus('imagedrop-operator')
    await bus.publish([request])
    const ofDrop = async () =>
      (await said<{ by: string }>(line.ledger, 'drop.published.v1')).filter((one) => one.drop === drop)
    await expect.poll(ofDrop, patience).toHaveLength(1)
    expect((await ofDrop())[0]?.body.by).toBe('imagedrop-operator')
    const [job] = await line.ledger.jobs({ service: 'scheduler', eventId: request.id })
    expect(job?.envelope).toMatchObject({ sender: 'imagedrop-operator', body: { by: 'imagedrop-operator' } })
  })

  it('take the withdrawal of an operator who has no account at the database', async () => {
    const env = { IMAGEDROP_BUS_URL: broker.urlOf('imagedrop-operator'), IMAGEDROP_BUS_PASSIVE: 'true' }
    await run(imagedrop, ['supersede', drop, '--bus'], { env })
    const pretended = run(imagedrop, ['supersede', drop, '--bus', '--by', 'dgilmore'], { env })
    await expect(pretended).rejects.toThrow(/--by is no option any more: .* imagedrop-operator/)
    await expect
      .poll(() => said<{ by: string }>(line.ledger, 'drop.superseded.v1'), patience)
      .toMatchObject([{ drop, body: { by: 'imagedrop-operator' } }])
  })
})

/** The subjects that an account may publish. */
async function allowedTo(account: string): Promise<string[]> {
  const allowed: string[] = []
  for (const definition of everything) {
    // Of a drop that nobody knows, to change nothing: what matters is whether the broker takes it.
    const refusal = await publish(account, {
      exchange: 'amq.topic',
      key: definition.subject,
      content: Buffer.from('{}'),
    })
    if (refusal === null) allowed.push(definition.subject)
    else expect(refusal, definition.subject).toMatch(/403 \(ACCESS[-_]REFUSED\)/)
  }
  return allowed
}

async function publishEvent(account: string, event: Envelope, { userId }: { userId: string | undefined }) {
  const { routingKey, content, properties } = toMessage(event, { topicPrefix: '', account })
  const { userId: _own, ...others } = properties
  return await publish(account, {
    exchange: 'amq.topic',
    key: routingKey,
    content,
    ...others,
    ...(userId && { userId }),
  })
}

interface Message extends Options.Publish {
  readonly exchange: string
  readonly key: string
  readonly content?: Buffer
}

/** What the broker answers; null when it takes the message. */
async function publish(account: string, { exchange, key, content, ...options }: Message): Promise<string | null> {
  const connection = await connect(broker.urlOf(account))
  connection.on('error', () => {})
  const channel = await connection.createConfirmChannel()
  const refused = new Promise<string>((resolve) =>
    channel.on('error', (error: Error) => {
      resolve(error.message)
    }),
  )
  channel.publish(exchange, key, content ?? Buffer.from(randomUUID()), options)
  const answer = await Promise.race([
    refused,
    channel.waitForConfirms().then(
      () => null,
      () => refused,
    ),
  ])
  await connection.close()
  return answer
}
