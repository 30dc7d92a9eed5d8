import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CompiledQuery, Kysely, type DatabaseConnection, type Dialect } from 'kysely'
import { Client, Pool } from 'pg'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { say } from '#events/define.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { seal } from '#events/envelope.ts'
import { imageRequested } from '#events/image-requested.ts'
import { kojiTaskChanged } from '#events/koji.ts'
import { providePostgres, type PostgresServer } from '#test/brokers/postgres.ts'
import type { Ledger } from '../ledger.ts'
import type { Tables } from '../schema.ts'
import { createSqlLedger } from '../sql-ledger.ts'
import { clientConfig } from './connection.ts'
import { createPostgresDialect } from './dialect.ts'
import { postgres } from './kind.ts'
import { ofBuilder } from '../testing/ledger.ts'
import { migratePostgres } from './migrate.ts'

const log = pino({ level: 'silent' })
const now = new Date('2026-01-01T00:00:00Z')
const until = new Date(now.getTime() + 30_000)
const past = 100_000
const waiting = 10_000
const capacity = {
  host: 'one',
  cores: 8,
  memoryMib: 8_000,
  diskMib: 8_000,
  kvm: false,
  root: false,
  architectures: ['x86_64', 'i686'],
}
/** Calls that count jobs which are not over. */
const counting = new Set(['backlog', 'unfit'])
let server: PostgresServer
let empty: string
let young: string
let old: string
let patient: string

beforeAll(async () => {
  server = await providePostgres()
  await server.administer(await readFile(join(import.meta.dirname, '../../../deploy/postgres/roles.sql'), 'utf8'))
  young = await server.createDatabase()
  await migratePostgres({ url: young, log })
  empty = await server.createDatabase({ like: young })
  await fill(young, 500)
  old = await server.createDatabase({ like: young })
  await fill(old, past)
  patient = await server.createDatabase({ like: young })
  await addWaiting(patient, waiting)
}, 120_000)
afterAll(() => server[Symbol.asyncDispose]())

describe.each([['postgres'], ['imagedrop_builder']])('as %s', (user) => {
  it('no statement costs more after a hundred thousand jobs than after a few', async () => {
    const first = await costs(as(young, user))
    const last = await costs(as(old, user))
    expect([...last.keys()]).toEqual([...first.keys()])
    for (const [call, cost] of last) {
      // A tree of a hundred thousand entries is one or two levels higher.
      expect(cost, call).toBeLessThan((first.get(call) ?? 0) * 1.5 + 20)
    }
  })
})

describe.each([['postgres'], ['imagedrop_builder']])('as %s', (user) => {
  it('no statement looks at the ten thousand jobs that wait or were put off, but what counts them', async () => {
    const first = await costs(as(young, user))
    const last = await costs(as(patient, user))
    for (const [call, cost] of last) {
      // The planner thinks that some are due; to look at each by the best of indexes costs about 400.
      const allowed = counting.has(call) ? waiting / 2 : (first.get(call) ?? 0) * 2 + 100
      expect(cost, call).toBeLessThan(allowed)
    }
  })
})

it('what an account may see finds no rows: its plans are those of the owner, also while the tables are empty', async () => {
  const ways = async (user: string) => {
    const database = await server.createDatabase({ like: empty })
    const all = await explainCalls(as(database, user))
    return new Map([...all].map(([call, plans]) => [call, plans.flatMap(indexesOf)]))
  }
  expect(await ways('imagedrop_builder')).toEqual(await ways('postgres'))
})

it('no function that a service asks by is planned at each call, as those in SQL are that run as their owner', async () => {
  const client = new Client({ connectionString: young })
  await client.connect()
  const { rows } = await client.query(
    `select proname, lanname from pg_proc join pg_language on pg_language.oid = prolang
     where pronamespace = 'public'::regnamespace and prosecdef order by proname`,
  )
  await client.end()
  expect(rows).toContainEqual({ proname: 'past_times', lanname: 'plpgsql' })
  expect(rows.filter(({ lanname }) => lanname === 'sql')).toEqual([])
})

/** The planner's estimate for everything that each call sends. A table read whole counts 1e10: seqscan is off. */
async function costs(url: string): Promise<Map<string, number>> {
  const all = await explainCalls(url)
  return new Map([...all].map(([call, plans]) => [call, plans.reduce((sum, plan) => sum + plan['Total Cost'], 0)]))
}

/** The indexes that a plan uses, in its own order. */
function indexesOf(plan: Plan): string[] {
  const { 'Index Name': index, Plans: parts = [] } = plan
  return [...(index === undefined ? [] : [index]), ...parts.flatMap(indexesOf)]
}

/** What EXPLAIN says of one step of a plan. */
interface Plan {
  readonly 'Total Cost': number
  readonly 'Index Name'?: string
  readonly Plans?: readonly Plan[]
}

/** The plan of every statement that each call sends. */
async function explainCalls(url: string): Promise<Map<string, Plan[]>> {
  const all = new Map<string, Plan[]>()
  let call = ''
  const pool = new Pool({ ...clientConfig({ url }, new Set()), max: 1 })
  pool.on('error', () => {})
  const db = new Kysely<Tables>({
    dialect: explaining(createPostgresDialect(pool), (plan) => all.set(call, [...(all.get(call) ?? []), plan])),
  })
  const wake = {
    ring: () => {},
    listen: () => ({ [Symbol.dispose]() {} }),
    offer: () => {},
    keepsTime: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  }
  const ledger = createSqlLedger(db, {
    kind: postgres,
    persist: (call) => call(false),
    wake,
    givenUp: new AbortController().signal,
    close: () => pool.end(),
  })
  for (const [name, run] of Object.entries(calls)) {
    call = name
    await run(ledger)
  }
  await ledger[Symbol.asyncDispose]()
  return all
}

const calls: Record<string, (ledger: Ledger) => Promise<unknown>> = {
  accept: (ledger) => ledger.accept('builder', [wanted(), wanted()], now),
  'accept an ending': (ledger) => {
    const envelope = seal(say(dropCancelled, { ...dropCancelled.example, drop: 'other' }), { now })
    return ledger.accept('builder', [{ envelope, key: null, wanted: false, endsWork: true }], now)
  },
  lease: (ledger) => ledger.lease('builder', { owner: 'a', now, until, limit: 4 }),
  'lease for a host': (ledger) => ledger.lease('builder', { owner: 'h', now, until, limit: 4, capacity }),
  makeRoom: (ledger) => ledger.makeRoom('builder', { owner: 'h', now, capacity }),
  present: (ledger) => ledger.present([{ service: 'builder', slots: 4 }], 'h', capacity, now),
  unfit: (ledger) => ledger.unfit(now),
  heartbeat: (ledger) => ledger.heartbeat([1, 2, 3], 'a', until),
  async finish(ledger) {
    const [job] = await ledger.jobs({ drop: imageRequested.example.drop, states: ['running'] })
    const entity = { key: job?.envelope.id ?? '', version: 0, state: {} }
    const events = [seal(say(imageRequested, imageRequested.example), { now })]
    await ledger.finish(job?.id ?? 0, 'a', { state: 'done', events, entity }, now)
  },
  putBack: async (ledger) => {
    const [job] = await ledger.jobs({ drop: imageRequested.example.drop, states: ['running'] })
    await ledger.putBack(job?.id ?? 0, 'a', { at: now, error: null, counts: true })
  },
  'accept what wakes': (ledger) => {
    const wakes = ['task 1', 'task 2'].map((key) => {
      const envelope = seal(say(kojiTaskChanged, kojiTaskChanged.example), { now })
      return { envelope, key: null, wanted: false, endsWork: false, wakes: key }
    })
    return ledger.accept('builder', wakes, now)
  },
  park: async (ledger) => {
    const [job] = await ledger.lease('builder', { owner: 'p', now, until, limit: 1 })
    const wait = { for: 'task 1', until, reason: 'a task', state: {}, events: [] }
    await ledger.park(job?.id ?? 0, 'p', wait, now)
  },
  takeUnsent: (ledger) => ledger.takeUnsent({ ...ofBuilder, owner: 'b', now, until, limit: 10, except: [1, 2] }),
  markSent: (ledger) => ledger.markSent([1, 2, 3], now),
  reclaim: (ledger) => ledger.reclaim(() => false, now),
  entity: (ledger) => ledger.entity('builder', 'k'),
  nextDue: (ledger) => ledger.nextDue('builder', now),
  backlog: (ledger) => ledger.backlog(now),
}

function explaining(dialect: Dialect, onPlan: (plan: Plan) => void): Dialect {
  async function explain(connection: DatabaseConnection, query: CompiledQuery): Promise<void> {
    if (/^(begin|commit|rollback)/.test(query.sql)) return
    const explained = { ...CompiledQuery.raw(`explain (format json) ${query.sql}`), parameters: query.parameters }
    const { rows } = await connection.executeQuery<{ 'QUERY PLAN': [{ Plan: Plan }] }>(explained)
    onPlan(rows[0]?.['QUERY PLAN'][0].Plan ?? { 'Total Cost': Infinity })
  }
  return {
    ...dialect,
    createDriver() {
      const driver = dialect.createDriver()
      const inner = new WeakMap<DatabaseConnection, DatabaseConnection>()
      const innerOf = (outer: DatabaseConnection) => inner.get(outer) ?? outer
      return {
        init: () => driver.init(),
        destroy: () => driver.destroy(),
        async acquireConnection() {
          const connection = await driver.acquireConnection()
          const outer: DatabaseConnection = {
            async executeQuery<Row>(query: CompiledQuery) {
              await explain(connection, query)
              return await connection.executeQuery<Row>(query)
            },
            streamQuery: connection.streamQuery.bind(connection),
          }
          inner.set(outer, connection)
          return outer
        },
        releaseConnection: (outer) => driver.releaseConnection(innerOf(outer)),
        beginTransaction: (outer, settings) => driver.beginTransaction(innerOf(outer), settings),
        commitTransaction: (outer) => driver.commitTransaction(innerOf(outer)),
        rollbackTransaction: (outer) => driver.rollbackTransaction(innerOf(outer)),
      }
    },
  }
}

/** A past of jobs that are done and events that are sent, and a few that are not. */
async function fill(url: string, count: number): Promise<void> {
  await server.administer(
    `insert into jobs (service, event_id, subject, drop_id, image, key, envelope, state, attempts, due_at, accepted_at, started_at, finished_at)
     select (array['builder', 'converter', 'scheduler'])[1 + n % 3], 'past-${String(count)}-' || n, 'x', 'drop-' || n / 50,
       case n % 2 when 0 then 'ec2.x86_64' end, case n % 3 when 2 then 'drop-' || n / 50 end, '{}', 'done', 1, n, n, n, n
     from generate_series(1, ${String(count)}) n`,
    url,
  )
  await server.administer(
    `insert into outbox (event_id, subject, drop_id, envelope, said_at, sent_at, said_by)
     select 'past-${String(count)}-' || n, 'x', 'drop-' || n / 50, '{}', n, n, 'imagedrop_builder'
     from generate_series(1, ${String(count)}) n`,
    url,
  )
  await server.administer('analyze', url)
}

/** Jobs that wait, each for something of its own, what has woken others, and jobs that are to be tried again later. */
async function addWaiting(url: string, count: number): Promise<void> {
  await server.administer(
    `insert into jobs (service, event_id, subject, drop_id, key, envelope, state, attempts, due_at, accepted_at,
       wait_for, wait_reason, wait_since, wait_state)
     select 'builder', 'waiting-' || n, 'x', 'drop-' || n, case n % 2 when 0 then 'key-' || n end, '{}', 'waiting', 0,
       ${String(until.getTime() + 1)} + n, n, 'task-' || n, 'a task', n, '{}'
     from generate_series(1, ${String(count)}) n`,
    url,
  )
  await server.administer(
    `insert into jobs (service, event_id, subject, drop_id, envelope, state, attempts, due_at, accepted_at, error)
     select 'builder', 'put off-' || n, 'x', 'drop-' || n, '{}', 'queued', 1, ${String(until.getTime() + 1)} + n, n, 'busy'
     from generate_series(1, ${String(count)}) n`,
    url,
  )
  await server.administer(
    `insert into wakes (service, key, event_id, envelope, arrived_at)
     select 'builder', 'other-' || n, 'wake-' || n, '{}', ${String(now.getTime())}
     from generate_series(1, ${String(count)}) n`,
    url,
  )
  await server.administer('analyze', url)
}

function wanted() {
  const envelope = seal(say(imageRequested, imageRequested.example), { now })
  const paths = [
    ['builder', 'converter'],
    ['builder', 'boot-tester'],
  ]
  const order = { priority: 1, share: 'Fedora-44', needs: { cores: 1, memoryMib: 500 }, paths }
  return { envelope, key: envelope.id, wanted: true, endsWork: false, ...order }
}

function as(url: string, user: string): string {
  const address = new URL(url)
  address.username = user
  return address.href
}
