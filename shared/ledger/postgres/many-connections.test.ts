import { array, assert, asyncProperty, constantFrom, oneof, sample } from 'fast-check'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { say } from '#events/define.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { seal } from '#events/envelope.ts'
import { imageRequested } from '#events/image-requested.ts'
import { kojiTaskChanged } from '#events/koji.ts'
import { providePostgres, type PostgresServer } from '#test/brokers/postgres.ts'
import type { Delivery } from '../delivery.ts'
import { LeaseLost, type Job, type Ledger, type Wait } from '../ledger.ts'
import { ofBuilder } from '../testing/ledger.ts'
import { migratePostgres } from './migrate.ts'
import { openPostgresLedger } from './open.ts'

const log = pino({ level: 'silent' })
const start = new Date('2026-01-01T00:00:00Z')
const later = (seconds: number) => new Date(start.getTime() + seconds * 1_000)
let server: PostgresServer
let empty: string

beforeAll(async () => {
  server = await providePostgres()
  empty = await server.createDatabase()
  await migratePostgres({ url: empty, log })
}, 120_000)
afterAll(() => server[Symbol.asyncDispose]())

it('leaves no work to do that comes in while its drop is being ended', async () => {
  await using ledger = await openEmpty()
  for (let round = 0; round < 40; round += 1) {
    const drop = `drop-${String(round)}`
    await ledger.accept('builder', [wanted({ drop })], start)
    await Promise.all([
      ledger.accept('builder', [wanted({ drop }), wanted({ drop })], start),
      ledger.accept('builder', [ending(drop)], start),
      ledger.accept('builder', [wanted({ drop })], start),
      leaseAndPutBack(ledger),
      ledger.accept('builder', [wanted({ drop })], start),
    ])
    // What was leased when the drop ended carries its cancellation, and whoever leases it next hears of it.
    const left = await lease(ledger, 'a', 0, 10)
    const held = await ledger.heartbeat(
      left.map((job) => job.id),
      'a',
      later(30),
    )
    expect([...held.values()].filter((one) => one !== 'cancelled')).toEqual([])
    for (const job of left) await ledger.finish(job.id, 'a', { state: 'cancelled', events: [] }, start)
    expect(await ledger.jobs({ drop, states: ['queued', 'running'] })).toEqual([])
  }
})

it('wakes every job whose event comes in while it begins to wait, and by that event only once', async () => {
  await using ledger = await openEmpty()
  for (let round = 0; round < 60; round += 1) {
    const keys = [`one ${String(round)}`, `other ${String(round)}`]
    await ledger.accept(
      'builder',
      Array.from({ length: workers }, () => wanted({})),
      start,
    )
    const jobs = await lease(ledger, 'a', 0, workers)
    const events = keys.map(waking)
    await Promise.all([
      ...jobs.map((job, index) => park(ledger, job, { for: keys[index % 2] ?? '' })),
      ledger.accept('builder', events, start),
      ledger.accept('builder', events.toReversed(), start),
    ])
    const woken = await lease(ledger, 'a', 0, workers + 1)
    expect(woken.map((job) => job.id)).toEqual(jobs.map((job) => job.id))
    for (const [index, job] of woken.entries()) {
      expect(job.waited?.why).toEqual({ event: events[index % 2]?.envelope })
    }
    await Promise.all(woken.map((job, index) => park(ledger, job, { for: keys[index % 2] ?? '' })))
    expect(await lease(ledger, 'a', 0, 1)).toEqual([])
  }
})

it('lets no job wait on whose drop ends while it begins to wait', async () => {
  await using ledger = await openEmpty()
  for (let round = 0; round < 40; round += 1) {
    const drop = `drop-${String(round)}`
    await ledger.accept('builder', [wanted({ drop }), wanted({ drop }), wanted({ drop })], start)
    const jobs = await lease(ledger, 'a', 0, 3)
    await Promise.all([
      ...jobs.map((job) => park(ledger, job, { for: 'k' }).catch(ignoreLoss)),
      ledger.accept('builder', [ending(drop), waking('k')], start),
    ])
    const held = await ledger.heartbeat(
      jobs.map((job) => job.id),
      'a',
      later(30),
    )
    for (const job of jobs) {
      const what = held.get(job.id)
      if (what === 'cancelled') await ledger.finish(job.id, 'a', { state: 'cancelled', events: [] }, start)
      else expect(what).toBe('lost')
    }
    expect((await ledger.jobs({ drop, states: ['queued', 'running', 'waiting'] })).length).toBe(0)
  }
})

/** What one of the workers does next; times run on by themselves. */
const action = oneof(
  { weight: 3, arbitrary: constantFrom('accept', 'accept again', 'lease', 'lease', 'finish', 'finish', 'send') },
  { weight: 1, arbitrary: constantFrom('put back', 'beat', 'reclaim', 'finish twice', 'replay', 'fail', 'wait') },
  { weight: 2, arbitrary: constantFrom('park', 'park', 'wake') },
)
const workers = 8

it('holds its promises whatever eight workers do at the same time', async () => {
  await assert(
    asyncProperty(
      array(array(action, { minLength: 20, maxLength: 40 }), { minLength: workers, maxLength: workers }),
      async (plans) => {
        await using ledger = await openEmpty()
        const world = createWorld()
        await Promise.all(plans.map((plan, index) => work(ledger, world, `w${String(index)}`, plan)))
        await endEverything(ledger, world)
        const jobs = await ledger.jobs({ service: 'builder' })
        expect(jobs.map((job) => job.envelope.id).toSorted()).toEqual([...world.accepted].toSorted())
        expect(jobs.filter((job) => job.state !== 'done')).toEqual([])
        const said = await ledger.events({ limit: 100_000 })
        // Each end of a job that the ledger took said one event, and the ledger knows no others.
        expect(said.map((row) => row.envelope.id).toSorted()).toEqual(world.said.toSorted())
        expect([...world.sent.keys()].toSorted()).toEqual(world.said.toSorted())
        expect([...world.sent.values()].filter((times) => times !== 1)).toEqual([])
      },
    ),
    { numRuns: 5, endOnFailure: true },
  )
})

/** What the workers know together, to hold the ledger to. */
function createWorld() {
  return {
    time: 0,
    deliveries: [] as Delivery[],
    accepted: new Set<string>(),
    /** Leases that nobody else may be given, by job: until when. */
    leases: new Map<number, { owner: string; until: number }>(),
    said: [] as string[],
    sent: new Map<string, number>(),
  }
}
type World = ReturnType<typeof createWorld>

async function work(ledger: Ledger, world: World, owner: string, plan: readonly string[]): Promise<void> {
  let mine: Job[] = []
  const end = async (state: 'done' | 'failed', job = mine.shift()) => {
    if (!job) return
    const event = requested('d')
    const holder = world.leases.get(job.id)
    // Given up before the ledger is asked: from then on it may hand the job to others.
    forget(world, job, owner)
    const outcome = { state, events: [event] }
    const ended = await ledger.finish(job.id, owner, outcome, later(world.time)).then(() => true, isLoss)
    if (ended) world.said.push(event.id)
    if (ended && holder && holder.owner !== owner) throw new Error(`${owner} ended a job that ${holder.owner} held`)
    return job
  }
  for (const what of plan) {
    const now = world.time
    if (what === 'accept') {
      const deliveries = [wanted({ key: sample(constantFrom(null, 'x', 'y'), 1)[0] ?? null }), wanted({})]
      world.deliveries.push(...deliveries)
      for (const one of deliveries) world.accepted.add(one.envelope.id)
      await ledger.accept('builder', deliveries, later(now))
    } else if (what === 'accept again') {
      await ledger.accept('builder', world.deliveries.slice(-5), later(now))
    } else if (what === 'lease') {
      const jobs = await lease(ledger, owner, now, 3)
      for (const job of jobs) hold(world, job, owner, now)
      mine.push(...jobs)
    } else if (what === 'finish') {
      await end('done')
    } else if (what === 'fail') {
      await end('failed')
    } else if (what === 'park') {
      const job = mine.shift()
      if (!job) continue
      forget(world, job, owner)
      const event = requested('d')
      const wait = { for: 'k', until: later(now + 1), events: [event] }
      const parked = await park(ledger, job, wait, { owner, at: now }).then(() => true, isLoss)
      if (parked) world.said.push(event.id)
    } else if (what === 'wake') {
      await ledger.accept('builder', [waking('k')], later(now))
    } else if (what === 'finish twice') {
      const job = await end('done')
      if (job) await end('done', job)
    } else if (what === 'put back') {
      const job = mine.shift()
      if (!job) continue
      forget(world, job, owner)
      await ledger.putBack(job.id, owner, { at: later(now), error: null, counts: true }).catch(ignoreLoss)
    } else if (what === 'beat') {
      const held = await ledger.heartbeat(
        mine.map((job) => job.id),
        owner,
        later(now + 30),
      )
      mine = mine.filter((job) => held.get(job.id) === 'held')
    } else if (what === 'send') {
      await send(ledger, world, owner)
    } else if (what === 'replay') {
      await ledger.replay('d', later(now))
    } else if (what === 'reclaim') {
      for (const job of mine) forget(world, job, owner)
      // As if this one was thought dead and is not: it goes on with what it no longer has.
      await ledger.reclaim((one) => one !== owner, later(now))
    } else {
      world.time += 1
    }
  }
}

function hold(world: World, job: Job, owner: string, now: number): void {
  const held = world.leases.get(job.id)
  if (held && held.owner !== owner && held.until > now) {
    throw new Error(`job ${String(job.id)} was leased to ${owner} while ${held.owner} had it`)
  }
  world.leases.set(job.id, { owner, until: now + 30 })
}

function forget(world: World, job: Job, owner: string): void {
  if (world.leases.get(job.id)?.owner === owner) world.leases.delete(job.id)
}

async function send(ledger: Ledger, world: World, owner: string, now = world.time): Promise<number> {
  const rows = await ledger.takeUnsent({ ...ofBuilder, owner, now: later(now), until: later(now + 1_000), limit: 10 })
  expect(rows.map((row) => row.seq)).toEqual(rows.map((row) => row.seq).toSorted((one, other) => one - other))
  for (const { envelope } of rows) world.sent.set(envelope.id, (world.sent.get(envelope.id) ?? 0) + 1)
  await ledger.markSent(
    rows.map((row) => row.seq),
    later(now),
  )
  return rows.length
}

async function endEverything(ledger: Ledger, world: World): Promise<void> {
  // By then all have waited long enough.
  world.time += 10
  await ledger.reclaim(() => false, later(world.time))
  for (;;) {
    await ledger.replay('d', later(world.time))
    const jobs = await lease(ledger, 'last', world.time, 50)
    if (jobs.length === 0) break
    for (const job of jobs) {
      const event = requested('d')
      await ledger.finish(job.id, 'last', { state: 'done', events: [event] }, later(world.time))
      world.said.push(event.id)
    }
  }
  while ((await send(ledger, world, 'last', world.time + 10_000)) > 0);
}

function ignoreLoss(error: unknown): void {
  if (!(error instanceof LeaseLost)) throw error
}

/** False for a loss, to tell it from what worked. */
function isLoss(error: unknown): false {
  ignoreLoss(error)
  return false
}

async function park(
  ledger: Ledger,
  job: Job,
  wait: Partial<Wait>,
  { owner = 'a', at = 0 }: { owner?: string; at?: number } = {},
): Promise<void> {
  const whole = { for: null, until: later(at + 3_600), reason: 'a task', state: {}, events: [], ...wait }
  await ledger.park(job.id, owner, whole, later(at))
}

function waking(key: string): Delivery {
  const envelope = seal(say(kojiTaskChanged, kojiTaskChanged.example), { now: start })
  return { envelope, key: null, wanted: false, endsWork: false, wakes: key }
}

async function leaseAndPutBack(ledger: Ledger): Promise<void> {
  const jobs = await lease(ledger, 'b', 0, 10)
  await Promise.all(jobs.map((job) => ledger.putBack(job.id, 'b', { at: start, error: null, counts: false })))
}

async function openEmpty(): Promise<Ledger> {
  const url = await server.createDatabase({ like: empty })
  return await openPostgresLedger({ url, poolSize: workers, log })
}

function lease(ledger: Ledger, owner: string, at: number, limit: number): Promise<Job[]> {
  return ledger.lease('builder', { owner, now: later(at), until: later(at + 30), limit })
}

function requested(drop: string) {
  return seal(say(imageRequested, { ...imageRequested.example, drop }), { now: start })
}

function wanted({ key = null, drop = 'd' }: { key?: string | null; drop?: string }): Delivery {
  return { envelope: requested(drop), key, wanted: true, endsWork: false }
}

function ending(drop: string): Delivery {
  const envelope = seal(say(dropCancelled, { ...dropCancelled.example, drop }), { now: start })
  return { envelope, key: null, wanted: false, endsWork: true }
}
