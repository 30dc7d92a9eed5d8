import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { Bus } from '#bus/bus.ts'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import { say, type Said } from '#events/define.ts'
import { dropBlessed } from '#events/drop-blessed.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageRequested } from '#events/image-requested.ts'
import { blessingRequested } from '#events/operator.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { bindService } from './bind.ts'
import { defineService } from './define.ts'
import { runServices } from './run.ts'
import { speaker } from './testing/speaker.ts'
import { built, drop, request, setUp, until } from './testing/builder-at-work.ts'

it('delivers what was said at the very end to the inboxes, also of services that do not run', async () => {
  await using at = await setUp(async () => {
    await sleep(100)
    return [built()]
  })
  const heard: string[] = []
  await at.bus.subscribe({
    service: 'converter',
    subjects: ['image.built.v1'],
    deliver: (events) => Promise.resolve(void heard.push(...events.map((event) => event.subject))),
  })
  await at.say(request)
  await until(async () => (await at.states())[0] === 'running')
  await at.stop(5_000)
  expect(heard).toEqual(['image.built.v1'])
  expect(
    await at.ledger.takeUnsent({
      services: ['builder', 'scheduler'],
      subjects: [],
      owner: 'test',
      now: new Date(),
      until: new Date(),
      limit: 10,
    }),
  ).toEqual([])
})

it('fills the inbox of a service that is not active, and runs none of its jobs', async () => {
  const stateFolder = await mkdtemp(join(tmpdir(), 'imagedrop-run-'))
  const bus = createMemoryBus()
  const ledger = await openSqliteLedger(stateFolder)
  const runtime = { ledger, bus, owner: 'test', stateFolder, now: () => new Date(), log: pino({ level: 'silent' }) }
  const idle = defineService({
    name: 'builder',
    consumes: [imageRequested],
    emits: [imageBuilt],
    handle: () => Promise.reject(new Error('it must not run')),
  })
  const both = [{ service: bindService(idle, null) }, { service: bindService(speaker, null) }]
  const running = await runServices(both, runtime, () => false)
  await running.voiceOf('scheduler').say(request)
  await until(async () => (await ledger.jobs({ service: 'builder' })).length === 1)
  await sleep(50)
  expect((await ledger.jobs({ service: 'builder' })).map((job) => job.state)).toEqual(['queued'])
  await running.stop(0)
  await ledger[Symbol.asyncDispose]()
  await rm(stateFolder, { recursive: true })
})

it('takes what a person asks in the ledger straight into the inbox, in the name of the account, and sends nothing', async () => {
  const stateFolder = await mkdtemp(join(tmpdir(), 'imagedrop-run-'))
  const bus = createMemoryBus()
  const ledger = await openSqliteLedger(stateFolder)
  const lines: { msg: string; subject?: string; err?: { message: string } }[] = []
  const log = pino(
    { level: 'error' },
    { write: (line: string) => lines.push(JSON.parse(line) as (typeof lines)[number]) },
  )
  const heard: Envelope[] = []
  const listener = defineService({
    name: 'scheduler',
    consumes: [blessingRequested],
    emits: [dropBlessed],
    handle: (event) => {
      heard.push(event)
      return Promise.resolve([])
    },
  })
  const runtime = { ledger, bus, owner: 'test', stateFolder, now: () => new Date(), log }
  const trust = { operators: { bus: [], ledger: [await ledger.account()] }, messages: {} }
  const running = await runServices([{ service: bindService(listener, null), trust }], runtime)
  const write = async (event: Said) => {
    const envelope = seal(event, { now: new Date() })
    await ledger.say({ ...envelope, sender: 'dgilmore' }, new Date())
    return envelope
  }
  const asked = await write(say(blessingRequested, { drop, by: 'dgilmore' }))
  await write({ subject: blessingRequested.subject, body: { drop: '../etc', by: 'dgilmore' } })
  await until(async () => (await ledger.backlog(new Date())).outbox === 0)
  await until(() => heard.length === 1)
  const account = await ledger.account()
  expect(heard).toEqual([{ ...asked, sender: account, body: { drop, by: account } }])
  expect(lines.map(({ msg, err }) => `${msg} ${err?.message ?? ''}`)).toEqual([
    expect.stringMatching(/^refused .*drop: .*\.\.\/etc/),
  ])
  expect(bus.state().published).toBe(0)
  await running.stop(0)
  await ledger[Symbol.asyncDispose]()
  await rm(stateFolder, { recursive: true })
})

it('sends what the version before left in the ledger, and nothing that names a service of other processes', async () => {
  await using at = await setUp(() => Promise.resolve([]))
  const heard: string[] = []
  await at.bus.subscribe({
    service: 'announcer',
    subjects: [imageRequested.subject, dropCancelled.subject],
    deliver: (events) => Promise.resolve(void heard.push(...events.map(({ id }) => id))),
  })
  const [old, foreign] = [seal(request, { now: new Date() }), seal(request, { now: new Date() })]
  await at.ledger.say(foreign, new Date(), { service: 'converter', owner: 'nobody/1/1' })
  await at.ledger.say(old, new Date())
  await until(() => heard.length > 0)
  await sleep(50)
  expect(heard).toEqual([old.id])
  expect((await at.ledger.backlog(new Date())).outbox).toBe(1)
})

it('asks the bus for everything once its jobs turn out to be short, for each service by itself', async () => {
  const asked: unknown[] = []
  const wrapBus = (bus: Bus): Bus => ({
    ...bus,
    subscribe: async (subscription) => ({
      ...(await bus.subscribe(subscription)),
      gather: (everything) => asked.push([subscription.service, everything]),
    }),
  })
  await using at = await setUp(() => Promise.resolve([]), { wrapBus })
  for (let count = 0; count < 12; count += 1) await at.say(request)
  await until(async () => (await at.states()).filter((state) => state === 'done').length === 12)
  expect(asked).toEqual([['builder', true]])
})
