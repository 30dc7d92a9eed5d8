import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fastify } from 'fastify'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFolderStore } from '#artifacts/folder.ts'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import { say, type Said } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { testContext } from '#test/support/context.ts'
import { house } from '#test/support/house.ts'
import { consumes } from './hears.ts'
import { blessingRequested, dropRequested } from '#events/operator.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { bindService } from '#service/bind.ts'
import type { Assembled } from '#service/host.ts'
import { runServices } from '#service/run.ts'
import { branchedStarted, candidate, nightly, rawhideIncomplete } from './compose/testing/example-messages.ts'
import { createMetadataReader } from './compose/read-metadata.ts'
import { assemble } from './main.ts'
import { readPolicy } from './policy/read-policy.ts'
import { scheduler } from './service.ts'

const log = pino({ level: 'silent' })
/** A busy machine takes its time. */
const patience = { timeout: 20_000 }

describe('the handler', () => {
  const policy = readPolicy(join(import.meta.dirname, '../../deploy/drops.yaml'), house)
  const read = createMetadataReader({ allowed: [], deadline: 100, maxBytes: 1000 })
  const now = () => new Date('2026-07-14T09:00:00Z')

  async function handle(event: Said, state?: unknown) {
    const reasons: unknown[] = []
    const telling = pino({ level: 'info' }, { write: (line: string) => reasons.push(JSON.parse(line)) })
    const context = testContext({ log: telling, now, state })
    const service = bindService(scheduler, { policy, allowed: policy.allowedLocations, read })
    return { ...(await service.handle(seal(event, { now: now() }), context)), reasons }
  }
  const composed = (body: object) => ({ subject: 'pungi.compose.status.change', body })
  const asked = (
    message: Record<string, unknown>,
    images: string[] | null = null,
    topic = 'pungi.compose.status.change',
  ) => say(dropRequested, { topic, message, images, by: 'dgilmore' })

  it('opens the stream of a first compose, and schedules its drop', async () => {
    const { events } = await handle(composed(nightly('44', '20260714')))
    expect(events).toMatchObject([
      { subject: 'stream.opened.v1', body: { stream: 'Fedora-44' } },
      { subject: 'calendar.changed.v1', body: { stream: 'Fedora-44' } },
      { subject: 'drop.scheduled.v1', body: { drop: 'weekly-Fedora-44-20260714.n.0' } },
    ])
  })

  it('ignores what is no finished compose, with the reason in the log', async () => {
    const { events, reasons } = await handle(composed(branchedStarted))
    expect(events).toEqual([])
    expect(reasons).toMatchObject([
      { msg: 'ignored', reason: expect.stringContaining('has the status STARTED') as string },
    ])
  })

  it('dates a message of before Pungi 4 by the day on which it was said', async () => {
    const { events } = await handle({
      subject: 'compose.branched.complete',
      body: { log: 'done', branch: '19', arch: '' },
    })
    expect(events.at(-1)).toMatchObject({
      body: {
        drop: 'weekly-Fedora-19-20260714.n.0',
        compose: { location: 'https://kojipkgs.fedoraproject.org/mash/branched-20260714/19' },
      },
    })
  })

  it('does what a person asks for', async () => {
    const { events } = await handle(asked(nightly('44', '20260714'), ['ec2.aarch64']))
    expect(events.at(-1)).toMatchObject({ body: { images: [{ flavour: 'ec2', architecture: 'aarch64' }] } })
  })

  it('does it once, and has nothing against being asked again', async () => {
    const { state } = await handle(asked(nightly('44', '20260714')))
    const again = await handle(asked(nightly('44', '20260714')), state)
    expect(again.events).toEqual([])
    expect(again.reasons).toMatchObject([{ reason: expect.stringContaining('already has the drop') as string }])
  })

  it.each<[string, Record<string, unknown>, string]>([
    ['is not finished', branchedStarted, 'has the status STARTED'],
    ['lacks a field', { ...rawhideIncomplete, status: undefined }, 'status: '],
    ['is a post-release update', candidate('28', 'RC-20180425.0', '20180425'), 'post-release update'],
    ['lies elsewhere', { ...rawhideIncomplete, location: 'https://elsewhere.example.org/x' }, 'location: '],
  ])('tells a person who asks for a drop of a compose that %s', async (_what, message, reason) => {
    await expect(handle(asked(message))).rejects.toMatchObject({ failureClass: 'refused' })
    await expect(handle(asked(message))).rejects.toThrow(reason)
  })

  it('tells a person who hands in a message of another topic', async () => {
    await expect(handle(asked({}, null, 'buildsys.tag'))).rejects.toThrow('topic: expected')
  })

  it.each([
    ['Fedora-Rawhide-20180426.n.0', 'stream:Fedora-Rawhide'],
    ['Fedora-28-20180425.0', 'stream:Fedora-28'],
    ['../../x', 'stream:unreadable'],
  ])('keeps the composes of a stream apart: %s is of %s', (id, key) => {
    const body = { ...rawhideIncomplete, compose_id: id }
    const { keyOf } = bindService(scheduler, { policy, allowed: [], read })
    expect(keyOf?.(seal(composed(body), { now: now() }))).toBe(key)
    expect(keyOf?.(seal(asked(body), { now: now() }))).toBe(key)
  })

  it('has a key for each event that it hears', () => {
    const { keyOf } = bindService(scheduler, { policy, allowed: [], read })
    for (const definition of consumes) {
      const key = keyOf?.(seal({ subject: definition.subject, body: definition.example }, { now: now() }))
      expect(key).toMatch(/^(stream:[A-Za-z]+-[A-Za-z0-9]+|drop:(milestone|weekly|nightly)-.*|cadence)$/)
    }
  })
})

describe('the scheduler at work on a ledger and a bus', () => {
  let stateFolder: string
  let time: Date
  beforeEach(async () => {
    stateFolder = await mkdtemp(join(tmpdir(), 'scheduler-'))
    time = new Date('2026-07-14T09:00:00Z')
  })
  afterEach(async () => {
    await rm(stateFolder, { recursive: true, force: true })
  })

  async function start() {
    const now = () => time
    const ledger = await openSqliteLedger(join(stateFolder, 'ledger'))
    const bus = createMemoryBus()
    const artifacts = await createFolderStore(join(stateFolder, 'artifacts'))
    const assembled: Assembled = await assemble({ ...house, stateFolder, artifacts, log, now, env: {} })
    const running = await runServices([assembled], { ledger, bus, owner: 'test/1/1', stateFolder, now, log })
    const said = async (subject: string) => (await ledger.events({ subject })).map(({ envelope }) => envelope)
    return {
      ...running,
      ledger,
      assembled,
      said,
      ask: (request: Said) => ledger.say(seal(request, { now: time }), time),
      handIn: (message: Said) => running.voiceOf('scheduler').takeIn(message, { sender: 'api' }),
      async quiet() {
        // Work may pass from one to the other between two questions, but not each time.
        let looks = 0
        await expect
          .poll(async () => {
            const { outbox } = await ledger.backlog(new Date())
            const live = await ledger.jobs({ states: ['queued', 'running'] })
            looks = outbox + live.length === 0 ? looks + 1 : 0
            return looks
          }, patience)
          .toBe(3)
      },
      async [Symbol.asyncDispose]() {
        await running.stop(1_000)
        await bus[Symbol.asyncDispose]()
        await ledger[Symbol.asyncDispose]()
      },
    }
  }

  it('makes one drop of a message that is posted twice, and requests its images', async () => {
    await using stack = await start()
    const app = fastify()
    stack.assembled.routes?.(app, stack.voiceOf('scheduler'))
    const { readToken } = await import('./intake/token.ts')
    const headers = { authorization: `Bearer ${(await readToken(stateFolder)) ?? ''}` }
    for (const _ of [1, 2]) {
      const answer = await app.inject({ method: 'POST', url: '/composes', headers, payload: nightly('43', '20260714') })
      expect(answer.statusCode).toBe(202)
      const id = answer.json<{ id: string }>().id
      await expect
        .poll(async () => (await stack.ledger.jobs({ service: 'scheduler', eventId: id })).length, patience)
        .toBe(1)
    }
    await stack.quiet()
    await app.close()
    expect((await stack.said('drop.scheduled.v1')).map(({ drop }) => drop)).toEqual(['weekly-Fedora-43-20260714.n.0'])
    expect(await stack.said('image.requested.v1')).toHaveLength(4)
  })

  it('serves each stream when its week comes, also after it was stopped over that time', async () => {
    {
      await using stack = await start()
      await stack.ask(say(dropRequested, ask(nightly('43', '20260714'))))
      await stack.ask(say(dropRequested, ask(nightly('Rawhide', '20260714'))))
      await stack.quiet()
      await stack.handIn({ subject: 'pungi.compose.status.change', body: nightly('43', '20260716') })
      await stack.handIn({ subject: 'pungi.compose.status.change', body: nightly('Rawhide', '20260717') })
      await stack.quiet()
      expect(await stack.said('drop.scheduled.v1')).toHaveLength(2)
    }
    time = new Date('2026-07-23T12:00:00Z')
    for (const _ of [1, 2]) {
      await using stack = await start()
      await stack.quiet()
      const drops = (await stack.said('drop.scheduled.v1')).map(({ drop }) => drop)
      expect(drops).toHaveLength(4)
      expect(new Set(drops)).toEqual(
        new Set([
          'weekly-Fedora-43-20260714.n.0',
          'weekly-Fedora-43-20260716.n.0',
          'weekly-Fedora-Rawhide-20260714.n.0',
          'weekly-Fedora-Rawhide-20260717.n.0',
        ]),
      )
    }
  })

  it('withdraws a candidate when its respin comes', async () => {
    await using stack = await start()
    await stack.handIn({ subject: 'pungi.compose.status.change', body: candidate('45', 'Beta-1.1', '20260710') })
    await stack.ask(say(blessingRequested, { drop: 'milestone-Fedora-45-20260710.0', by: 'dgilmore' }))
    await stack.quiet()
    await stack.handIn({ subject: 'pungi.compose.status.change', body: candidate('45', 'Beta-1.2', '20260712') })
    await stack.quiet()
    expect(await stack.said('drop.superseded.v1')).toMatchObject([
      { body: { drop: 'milestone-Fedora-45-20260710.0', by: 'milestone-Fedora-45-20260712.0' } },
    ])
  })

  it('keeps what it cannot take in, with the reason, and goes on', async () => {
    await using stack = await start()
    const bad = { ...nightly('43', '20260714'), compose_id: '../../43' }
    await stack.handIn({ subject: 'pungi.compose.status.change', body: bad })
    await stack.handIn({ subject: 'pungi.compose.status.change', body: nightly('43', '20260714') })
    await stack.quiet()
    expect(await stack.ledger.jobs({ states: ['quarantined'] })).toMatchObject([
      { error: expect.stringContaining('got "../../43"') as string },
    ])
    expect(await stack.said('drop.scheduled.v1')).toHaveLength(1)
  })

  const ask = (message: Record<string, unknown>) => ({
    topic: 'pungi.compose.status.change',
    message,
    images: null,
    by: 'dgilmore',
  })

  it('does not start with a policy that is wrong', async () => {
    const artifacts = await createFolderStore(join(stateFolder, 'artifacts'))
    const env = { IMAGEDROP_SCHEDULER_POLICY: '/nonexistent.yaml' }
    await expect(assemble({ ...house, stateFolder, artifacts, log, now: () => time, env })).rejects.toThrow(
      '/nonexistent.yaml',
    )
  })
})
