import { Client } from 'pg'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { say } from '#events/define.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { seal } from '#events/envelope.ts'
import { imageRequested } from '#events/image-requested.ts'
import { providePostgres, type PostgresServer } from '#test/brokers/postgres.ts'
import { startTcpProxy, type TcpProxy } from '#test/brokers/tcp-proxy.ts'
import { LeaseLost, LedgerAway, type Job, type Ledger } from '../ledger.ts'
import type { Persist } from '../persist.ts'
import { createSqlLedger } from '../sql-ledger.ts'
import { openDatabase } from './database.ts'
import { ConnectionLost } from './errors.ts'
import { postgres } from './kind.ts'
import { migratePostgres } from './migrate.ts'
import { openPostgresLedger } from './open.ts'
import { createPersist } from '../persist.ts'
import { troublesOf } from './troubles.ts'

const log = pino({ level: 'silent' })
const answerTime = 1_000
const now = new Date('2026-01-01T00:00:00Z')
const until = new Date(now.getTime() + 30_000)
let server: PostgresServer
let empty: string
let proxy: TcpProxy
let url: string
let ledger: Ledger
let administrator: Client

beforeAll(async () => {
  server = await providePostgres()
  empty = await server.createDatabase()
  await migratePostgres({ url: empty, log })
}, 120_000)
afterAll(() => server[Symbol.asyncDispose]())

beforeEach(async () => {
  url = await server.createDatabase({ like: empty })
  proxy = await startTcpProxy(Number(new URL(url).port))
  ledger = await openPostgresLedger({ url: proxy.url(url), poolSize: 4, answerTime, log })
  administrator = new Client({ connectionString: url })
  await administrator.connect()
})
afterEach(async () => {
  await administrator.end()
  await ledger[Symbol.asyncDispose]()
  await proxy[Symbol.asyncDispose]()
})

it('a lease whose answer was lost is the same lease when it is asked for again', async () => {
  await ledger.accept('builder', [wanted(), wanted(), wanted()], now)
  const jobs = await withAnswerLost(() => ledger.lease('builder', { owner: 'a', now, until, limit: 2 }))
  expect(jobs).toHaveLength(2)
  const all = await ledger.jobs({ service: 'builder' })
  expect(all.map((job) => [job.state, job.attempts])).toEqual([
    ['running', 1],
    ['running', 1],
    ['queued', 0],
  ])
})

it('a job whose end was committed and whose answer was lost has ended once', async () => {
  const job = await leaseOne()
  await withAnswerLost(() => ledger.finish(job.id, 'a', { state: 'done', events: [] }, now))
  expect(await ledger.jobs({})).toMatchObject([{ id: job.id, state: 'done' }])
  await expect(ledger.finish(job.id, 'a', { state: 'done', events: [] }, now)).rejects.toThrow(LeaseLost)
})

it('a job whose end was not committed when the connection was lost ends with its events', async () => {
  const job = await leaseOne()
  const event = wanted().envelope
  await withAnswerLost(() => ledger.finish(job.id, 'a', { state: 'done', events: [event] }, now))
  expect((await ledger.events({})).map((row) => row.envelope)).toEqual([event])
})

it('a job that was put back and whose answer was lost is queued', async () => {
  const job = await leaseOne()
  await withAnswerLost(() => ledger.putBack(job.id, 'a', { at: now, error: 'busy', counts: true }))
  expect(await ledger.jobs({})).toMatchObject([{ state: 'queued', error: 'busy', attempts: 1 }])
})

it('a job that began to wait when the connection was lost waits once, with its events', async () => {
  const job = await leaseOne()
  const event = wanted().envelope
  const wait = { for: 'task 1', until, reason: 'a task', state: {}, events: [event] }
  await withAnswerLost(() => ledger.park(job.id, 'a', wait, now))
  expect(await ledger.jobs({})).toMatchObject([{ state: 'waiting', waiting: { for: 'task 1' } }])
  expect((await ledger.events({})).map((row) => row.envelope)).toEqual([event])
})

it('a job whose wait was committed and whose answer was lost waits once, and one that was cancelled does not', async () => {
  const { db, close } = openDatabase({ url }, { poolSize: 1, log })
  const wake = {
    ring: () => {},
    listen: () => ({ [Symbol.dispose]() {} }),
    offer: () => {},
    keepsTime: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  }
  const persist: Persist = async (call) => {
    await call(false).catch(ignoreLoss)
    return await call(true)
  }
  await using twice = createSqlLedger(db, {
    kind: postgres,
    wake,
    persist,
    givenUp: new AbortController().signal,
    close,
  })
  const wait = { for: 'task 1', until, reason: 'a task', state: {}, events: [wanted().envelope] }
  await twice.park((await leaseOne()).id, 'a', wait, now)
  expect(await ledger.jobs({})).toMatchObject([{ state: 'waiting' }])
  expect(await ledger.events({})).toHaveLength(1)
  const cancelled = await leaseOne()
  const envelope = seal(say(dropCancelled, { ...dropCancelled.example, drop: imageRequested.example.drop }), { now })
  await ledger.accept('builder', [{ envelope, key: null, wanted: false, endsWork: true }], now)
  await expect(twice.park(cancelled.id, 'a', wait, now)).rejects.toThrow(LeaseLost)
})

it('an event whose acceptance was committed and whose answer was lost is one job', async () => {
  await withAnswerLost(() => ledger.accept('builder', [wanted()], now))
  expect(await ledger.jobs({})).toHaveLength(1)
})

it.each([
  [
    'stalls',
    (at: TcpProxy) => {
      at.stall()
    },
    (at: TcpProxy) => {
      at.resume()
    },
  ],
  [
    'is cut',
    (at: TcpProxy) => {
      at.cut()
    },
    (at: TcpProxy) => {
      at.heal()
    },
  ],
  [
    'is half closed',
    (at: TcpProxy) => {
      at.halfClose()
    },
    () => {},
  ],
])('work goes on without loss or doubling after the connection %s', async (_what, harm, heal) => {
  const count = 40
  const deliveries = Array.from({ length: count }, wanted)
  let finished = 0
  const half = Promise.withResolvers<void>()
  const work = async (owner: string) => {
    while (finished < count) {
      const at = new Date()
      const lasting = new Date(at.getTime() + 10_000)
      const [job] = await patiently(() => ledger.lease('builder', { owner, now: at, until: lasting, limit: 1 }))
      if (!job) continue
      const outcome = { state: 'done', events: [wanted().envelope] } as const
      // A lease that the server was still making when we lost it is nobody's until it runs out.
      const ended = await patiently(() => ledger.finish(job.id, owner, outcome, at)).then(() => true, ignoreLoss)
      if (ended) finished += 1
      if (finished > count / 4) half.resolve()
    }
  }
  await ledger.accept('builder', deliveries, now)
  const working = Promise.all([work('a'), work('b'), work('c')])
  await half.promise
  harm(proxy)
  // Longer than the ledger waits for an answer, so that it must give connections up by itself.
  await new Promise((resolve) => setTimeout(resolve, answerTime * 1.5))
  heal(proxy)
  await working
  const jobs = await ledger.jobs({})
  expect(jobs.filter((job) => job.state !== 'done')).toEqual([])
  expect(await ledger.events({})).toHaveLength(count)
})

it('is told of new work again after the connection was cut', async () => {
  await using other = await openPostgresLedger({ url, log })
  let rings = 0
  using watching = ledger.watch((where) => {
    if (typeof where === 'object') rings += 1
  })
  expect(watching).toBeDefined()
  const areRings = async (count: number) => {
    await expect.poll(() => rings, { timeout: 20_000 }).toBe(count)
  }
  ledger.offer('converter', true)
  await areRings(1)
  proxy.cut()
  proxy.heal()
  // It looks once more when others know again that it is free, without its saying so.
  await areRings(2)
  await other.accept('converter', [wanted()], now)
  await areRings(3)
})

it('looks for work every now and then although it hears of none', async () => {
  await using watched = await openPostgresLedger({ url, pollEvery: 200, log })
  let rings = 0
  const again = Promise.withResolvers<void>()
  using watching = watched.watch((where) => {
    rings += where === 'anywhere' ? 1 : 0
    // The first is the connection's own.
    if (rings === 3) again.resolve()
  })
  expect(watching).toBeDefined()
  await again.promise
})

it('closes in a few seconds although the server does not answer', async () => {
  const stalled = await openPostgresLedger({ url: proxy.url(url), answerTime, log })
  stalled.watch(() => {})
  await stalled.ping()
  proxy.stall()
  await stalled[Symbol.asyncDispose]()
  proxy.resume()
})

it('says that it is away when it has been for too long, and repeats nothing that was refused', async () => {
  const persist = createPersist(troublesOf(url), new AbortController())
  let tries = 0
  const lost = () => Promise.reject(new ConnectionLost(`try ${String(++tries)}`))
  await expect(persist(lost, { patience: 300 })).rejects.toThrow(LedgerAway)
  expect(tries).toBeGreaterThan(1)
  await expect(persist(() => ledger.finish(1, 'a', { state: 'done', events: [] }, now))).rejects.toThrow(LeaseLost)
  let refused = 0
  const refuse = () => {
    refused += 1
    return administrator.query('select nothing from nowhere')
  }
  await expect(persist(refuse)).rejects.toThrow('relation "nowhere" does not exist')
  expect(refused).toBe(1)
})

/** Has the server do what it is asked for, and cuts the connection before we hear of it. */
async function withAnswerLost<Result>(call: () => Promise<Result>): Promise<Result> {
  await administrator.query('begin; lock table jobs in access exclusive mode')
  const result = call()
  await rowCount(`select from pg_locks where not granted and relation = 'jobs'::regclass`, 1)
  proxy.stall()
  await administrator.query('commit')
  await rowCount(`select from pg_stat_activity where application_name = 'imagedrop' and state = 'active'`, 0)
  proxy.cut()
  proxy.resume()
  proxy.heal()
  return await result
}

async function rowCount(statement: string, count: number): Promise<void> {
  while ((await administrator.query(statement)).rowCount !== count);
}

async function leaseOne(): Promise<Job> {
  await ledger.accept('builder', [wanted()], now)
  const [job] = await ledger.lease('builder', { owner: 'a', now, until, limit: 1 })
  if (!job) throw new Error('there is no job')
  return job
}

async function patiently<Result>(call: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof LedgerAway)) throw error
    }
  }
}

function ignoreLoss(error: unknown): false {
  if (error instanceof LeaseLost) return false
  throw error
}

function wanted() {
  const envelope = seal(say(imageRequested, imageRequested.example), { now })
  return { envelope, key: null, wanted: true, endsWork: false }
}
