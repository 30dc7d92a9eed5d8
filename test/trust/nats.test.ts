import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, headers, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createSubjects } from '#bus/nats/subjects.ts'
import { toMessage } from '#bus/nats/wire.ts'
import type { EventDefinition } from '#events/define.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { foreignEvents, ownEvents } from '#events/index.ts'
import { blessingRequested, operatorRequests } from '#events/operator.ts'
import { run } from '#subprocess/run.ts'
import { accountsAreCurrent } from '../../deploy/nats/generate.ts'
import { house } from '#test/support/house.ts'
import { mighty, provideGuardedNats, type Guarded } from '../brokers/accounts.ts'
import { startGuardedLine, type GuardedLine } from './line.ts'
import { announceOne, forgeriesOf, patience, said, stageMilestone, traceOf } from './story.ts'

const imagedrop = join(import.meta.dirname, '..', '..', 'cli', 'imagedrop.js')
const services = await house.definitions()
const everything: readonly EventDefinition[] = [...ownEvents, ...foreignEvents]
const subjects = createSubjects('')
/** Wherever anything is said, also by a person. */
const places = everything.flatMap(({ subject }) => [
  ...subjects.placesOf(subject).filter((place) => !place.endsWith('*')),
  ...['jane', 'imagedrop-operator'].map((name) => subjects.of(subject, name)),
])

const cleanup = new AsyncDisposableStack()
let server: Guarded
let line: GuardedLine
beforeAll(async () => {
  server = cleanup.use(await provideGuardedNats())
  line = cleanup.use(await startGuardedLine(server))
}, 180_000)
afterAll(() => cleanup.disposeAsync(), 60_000)

describe('NATS with the accounts of deploy/nats', { timeout: 120_000 }, () => {
  it('has those that the code would write', async () => {
    expect(await accountsAreCurrent()).toBe(true)
  })

  it('lets a whole drop through, each service with its own accounts', async () => {
    await announceOne(line)
    expect(line.refusals).toEqual([])
  })

  it.each(services.map(({ name, emits }) => [name, emits.map(({ subject }) => subject)] as const))(
    'lets the %s publish what it says, and nothing that others say or people ask',
    async (name, emits) => {
      expect(await allowedTo(`imagedrop-${name}`)).toEqual(new Set(emits))
    },
  )

  it('lets an operator ask in their own name, and say nothing else', async () => {
    const requests = operatorRequests.map(({ subject }) => subjects.of(subject, 'imagedrop-operator'))
    expect(await allowedTo('imagedrop-operator')).toEqual(new Set(requests))
    expect(await allowedTo('imagedrop-owner')).toEqual(new Set())
  })

  it('lets nobody change the stream or the consumers, or answer for another', async () => {
    const others = services.flatMap(({ name }) => [
      `dead.${name}`,
      `progress.${name}`,
      `$JS.ACK.IMAGEDROP.${name}.1`,
      `$JS.API.CONSUMER.MSG.NEXT.IMAGEDROP.${name}`,
    ])
    const server = ['STREAM.UPDATE', 'STREAM.DELETE', 'STREAM.PURGE', 'STREAM.MSG.DELETE', 'CONSUMER.CREATE']
    const all = [...others, ...server.map((verb) => `$JS.API.${verb}.IMAGEDROP`), '_INBOX.of.another']
    for (const { name } of services) {
      const allowed = await allowedTo(`imagedrop-${name}`, all)
      expect(
        [...allowed].every((place) => place.endsWith(name) || place.endsWith(`${name}.1`)),
        name,
      ).toBe(true)
    }
  })
})

describe('services on NATS', { timeout: 120_000 }, () => {
  let drop: string
  beforeAll(async () => {
    ;({ drop } = await stageMilestone(line))
  }, 60_000)

  it('take nothing that is forged from the accounts of other services', async () => {
    const before = await traceOf(line.ledger)
    for (const forgery of await forgeriesOf(line.ledger, drop)) {
      for (const { name, emits } of services) {
        if (emits.some(({ subject }) => subject === forgery.subject)) continue
        for (const sender of [null, 'jane', 'imagedrop-operator']) {
          await publish(`imagedrop-${name}`, subjects.of(forgery.subject, sender), forgery)
        }
      }
    }
    await sleep(1_000)
    expect(await traceOf(line.ledger)).toEqual(before)
  })

  it('take no request without a name, though an account may publish too much, and none from a service', async () => {
    const before = await traceOf(line.ledger)
    const refused = line.refusals.length
    const request = blessing(drop)
    await publish(mighty, subjects.of(request.subject), request)
    await publish(mighty, subjects.of(request.subject, 'imagedrop-builder'), blessing(drop))
    await publish(mighty, subjects.of(request.subject, 'nobody'), blessing(drop))
    await expect.poll(() => line.refusals.length - refused, patience).toBe(3)
    expect(line.refusals.slice(refused).map(({ refusal }) => refusal.sender)).toEqual([
      null,
      'imagedrop-builder',
      'nobody',
    ])
    expect(await traceOf(line.ledger)).toEqual(before)
  })

  it('take nothing that a service has had the server answer where it may not publish', async () => {
    await using admin = await open(mighty)
    await using builder = await open('imagedrop-builder')
    const jsm = await jetstreamManager(admin)
    const place = subjects.of('drop.supersession.requested.v1', 'imagedrop-operator')
    const countOf = async (subject: string) =>
      (await jsm.streams.info('IMAGEDROP', { subjects_filter: subject })).state.subjects?.[subject] ?? 0
    const before = await traceOf(line.ledger)
    const [taken, dead] = [await countOf(place), await countOf('dead.scheduler')]
    for (const question of ['CONSUMER.MSG.NEXT.IMAGEDROP.builder', 'STREAM.INFO.IMAGEDROP']) {
      builder.publish(`$JS.API.${question}`, '', { reply: place })
    }
    await vi.waitFor(async () => {
      // The server has taken its own answer for a request, and only the reader can tell.
      expect(await countOf(place)).toBeGreaterThan(taken)
      expect((await countOf('dead.scheduler')) - dead).toBe((await countOf(place)) - taken)
    }, patience)
    expect(await traceOf(line.ledger)).toEqual(before)
  })

  it('take the blessing of an operator without a database, in the name that the server keeps for them', async () => {
    const env = { IMAGEDROP_BUS_URL: server.urlOf('imagedrop-operator') }
    const { stdout } = await run(imagedrop, ['bless', drop, '--bus'], { env })
    expect(stdout).toContain(`imagedrop-operator asks to bless ${drop}`)
    const ofDrop = async () =>
      (await said<{ by: string }>(line.ledger, 'drop.published.v1')).filter((one) => one.drop === drop)
    await expect.poll(ofDrop, patience).toHaveLength(1)
    expect((await ofDrop())[0]?.body.by).toBe('imagedrop-operator')
  })
})

function blessing(drop: string): Envelope {
  return seal({ subject: blessingRequested.subject, body: { drop, by: 'dgilmore' } }, { now: new Date() })
}

async function open(account: string): Promise<NatsConnection> {
  const url = new URL(server.urlOf(account))
  return await connect({ servers: url.host, user: url.username, pass: url.password })
}

/** Where an account may publish. The messages are no events, and end among the dead letters. */
async function allowedTo(account: string, where: readonly string[] = places): Promise<Set<string>> {
  const connection = await open(account)
  const refused = new Set<string>()
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'error') refused.add(/to "(.+)"$/.exec(status.error.message)?.[1] ?? status.error.message)
    }
  })()
  for (const place of where) connection.publish(place, '{}')
  await connection.flush()
  // The server's word that it refuses comes before its answer to the flush, and is told a moment later.
  await sleep(50)
  await connection.close()
  return new Set(where.filter((place) => !refused.has(place)))
}

async function publish(account: string, place: string, event: Envelope): Promise<void> {
  const connection = await open(account)
  // Without an id: what the server knows it would not take twice.
  const { headers: told, data } = toMessage(event)
  const carried = headers()
  for (const [key, value] of Object.entries(told)) carried.set(key, value)
  connection.publish(place, data, { headers: carried })
  await connection.flush()
  await connection.close()
}
