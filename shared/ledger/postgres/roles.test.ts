import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { say } from '#events/define.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageRequested } from '#events/image-requested.ts'
import { kojiTaskChanged } from '#events/koji.ts'
import { foreignEvents, ownEvents } from '#events/index.ts'
import { blessingRequested } from '#events/operator.ts'
import { providePostgres, type PostgresServer } from '#test/brokers/postgres.ts'
import { rolesAreCurrent } from '../../../deploy/postgres/generate.ts'
import { house } from '#test/support/house.ts'
import { LeaseLost, type Ledger } from '../ledger.ts'
import { migratePostgres } from './migrate.ts'
import { openPostgresLedger } from './open.ts'

const log = pino({ level: 'silent' })
const services = house.names
const notTheirs = 'row-level security policy for table "outbox"'
/** Everything that any process may send; what an account sees of it is for the database to say. */
const everything = { services, subjects: [...ownEvents, ...foreignEvents].map(({ subject }) => subject) }
const rolesFile = join(import.meta.dirname, '..', '..', '..', 'deploy', 'postgres', 'roles.sql')
const now = new Date('2026-01-01T00:00:00Z')
const until = new Date(now.getTime() + 30_000)
let server: PostgresServer
let url: string

beforeAll(async () => {
  server = await providePostgres()
  url = await server.createDatabase()
  const roles = await readFile(rolesFile, 'utf8')
  await server.administer(roles)
  // Twice: running it again changes nothing.
  await server.administer(roles)
  await server.administer(`alter database ${new URL(url).pathname.slice(1)} owner to imagedrop_owner`)
  await migratePostgres({ url: as('owner'), log })
}, 120_000)
afterAll(() => server[Symbol.asyncDispose]())

it('the roles in deploy/postgres are those of the services that there are (npm run docs)', async () => {
  expect(await rolesAreCurrent()).toBe(true)
})

it('a service does a whole job with its own account, and its events are its own to send', async () => {
  await using builder = await open('builder')
  await using other = await open('builder')
  await using converter = await open('converter')
  let rings = 0
  using watching = other.watch((where) => {
    if (typeof where === 'object' && where.service === 'builder') rings += 1
  })
  expect(watching).toBeDefined()
  other.offer('builder', true)
  await expect.poll(() => rings, { timeout: 20_000 }).toBe(1)
  const [job] = await leaseNew(builder, 'builder')
  await expect.poll(() => rings, { timeout: 20_000 }).toBe(2)
  await builder.heartbeat([job.id], 'a', until)
  const event = seal(say(imageBuilt, imageBuilt.example), { now })
  const entity = { key: 'k', version: 0, state: { count: 1 } }
  await builder.finish(job.id, 'a', { state: 'done', events: [event], entity }, now)
  expect(await builder.entity('builder', 'k')).toEqual({ state: { count: 1 }, version: 1 })
  expect(
    await converter.takeUnsent({ ...everything, owner: 'c', now: later(3_600), until: later(3_700), limit: 10 }),
  ).toEqual([])
  const rows = await builder.takeUnsent({ ...everything, owner: 'a', now, until, limit: 10 })
  expect(rows.map((row) => row.envelope)).toEqual([event])
  await builder.markSent(
    rows.map((row) => row.seq),
    now,
  )
  await builder.accept('builder', [{ envelope: cancelled(), key: null, wanted: false, endsWork: true }], now)
  expect((await builder.backlog(now)).outbox).toBe(0)
})

it('a service neither sees nor changes the jobs, entities and events of another', async () => {
  await using builder = await open('builder')
  await using converter = await open('converter')
  const [job] = await leaseNew(converter, 'converter')
  const entity = { key: 'secret', version: 0, state: {} }
  await converter.finish(
    job.id,
    'a',
    { state: 'done', events: [seal(say(imageBuilt, imageBuilt.example), { now })], entity },
    now,
  )
  const [running] = await leaseNew(converter, 'converter')

  expect(await builder.jobs({ service: 'converter' })).toEqual([])
  expect(await builder.entity('converter', 'secret')).toEqual({ state: undefined, version: 0 })
  expect(await builder.events({ subject: 'image.built.v1' })).toHaveLength(1)
  expect(await converter.events({ subject: 'image.built.v1' })).toHaveLength(1)
  expect(await builder.lease('converter', { owner: 'b', now: later(3_600), until: later(3_700), limit: 10 })).toEqual(
    [],
  )
  expect(await builder.heartbeat([running.id], 'a', until)).toEqual(new Map([[running.id, 'lost']]))
  await expect(builder.finish(running.id, 'a', { state: 'done', events: [] }, now)).rejects.toThrow(LeaseLost)
  const delivery = { envelope: requested(), key: null, wanted: true, endsWork: false }
  await expect(builder.accept('converter', [delivery], now)).rejects.toThrow(
    /row-level security policy for table "jobs"/,
  )
  expect(await converter.jobs({ states: ['running'] })).toMatchObject([{ id: running.id }])
})

it.each([
  ['builder', `update jobs set state = 'done' where service = 'converter' returning id`, 'no rows'],
  ['builder', `update jobs set service = 'converter'`, 'permission denied for table jobs'],
  ['builder', `update jobs set envelope = '{}'`, 'permission denied for table jobs'],
  ['builder', `update outbox set envelope = '{}'`, 'permission denied for table outbox'],
  [
    'builder',
    `insert into outbox (event_id, subject, envelope, said_at, said_by) values ('x', 'x', '{}', 0, 'imagedrop_operator')`,
    'permission denied for table outbox',
  ],
  ['builder', `update wakes set key = 'x'`, 'permission denied for table wakes'],
  ['builder', `delete from wakes where service = 'converter'`, 'no rows'],
  ['monitor', `select from wakes`, 'permission denied for table wakes'],
  ['operator', `delete from wakes`, 'permission denied for table wakes'],
  [
    'builder',
    `insert into workers values ('converter', 'a', '{}', 0)`,
    'row-level security policy for table "workers"',
  ],
  ['builder', `delete from workers where service = 'converter'`, 'no rows'],
  ['monitor', `delete from workers`, 'permission denied for table workers'],
  ['builder', `delete from jobs`, 'permission denied for table jobs'],
  ['builder', `delete from ended_drops`, 'permission denied for table ended_drops'],
  ['builder', `select from entities where service = 'converter'`, 'no rows'],
  [
    'builder',
    `insert into entities values ('converter', 'k', 1, '{}')`,
    'row-level security policy for table "entities"',
  ],
  ['builder', `alter table jobs add column x text`, 'must be owner of table jobs'],
  ['builder', `alter table jobs disable row level security`, 'must be owner of table jobs'],
  ['builder', `create table mine (x text)`, 'permission denied for schema public'],
  ['builder', `truncate outbox`, 'permission denied for table outbox'],
  ['builder', `set role imagedrop_converter`, 'permission denied to set role "imagedrop_converter"'],
  ['operator', `alter table jobs add column x text`, 'must be owner of table jobs'],
  ['operator', `delete from jobs`, 'permission denied for table jobs'],
  ['monitor', `select envelope from jobs`, 'permission denied for table jobs'],
  ['monitor', `select envelope from outbox`, 'permission denied for table outbox'],
  ['monitor', `select from entities`, 'permission denied for table entities'],
  ['monitor', `update jobs set state = 'done'`, 'permission denied for table jobs'],
])('the %s cannot: %s', async (role, statement, refusal) => {
  await expect(rowsOf(role, statement)).resolves.toBe(refusal)
})

it('a service lets a job wait and wakes it with its own account, and sees no wake of another', async () => {
  await using builder = await open('builder')
  await using converter = await open('converter')
  const [job] = await leaseNew(converter, 'converter')
  const event = seal(say(kojiTaskChanged, kojiTaskChanged.example), { now })
  const delivery = { envelope: event, key: null, wanted: false, endsWork: false, wakes: 'task 1' }
  await builder.accept('builder', [delivery], now)
  const wait = { for: 'task 1', until: later(60), reason: 'a task', state: {}, events: [] }
  await converter.park(job.id, 'a', wait, now)
  expect(await converter.lease('converter', { owner: 'a', now, until, limit: 1 })).toEqual([])
  // Long after: what is too old is forgotten with the same account.
  await converter.accept('converter', [delivery], now)
  const monthLater = later(30 * 24 * 60 * 60)
  const other = { ...delivery, envelope: { ...event, id: 'f0000000-0000-4000-8000-000000000000' } }
  await converter.accept('converter', [other], monthLater)
  expect(await rowsOf('converter', 'select from wakes')).toBe('1 rows')
  expect(await rowsOf('builder', 'select from wakes')).toBe('1 rows')
  const [woken] = await converter.lease('converter', { owner: 'a', now, until, limit: 1 })
  expect(woken?.waited?.why).toEqual({ event })
  await converter.finish(job.id, 'a', { state: 'cancelled', events: [] }, now)
})

it('what runs on a host is counted for all services, although each sees its own jobs alone', async () => {
  await using builder = await open('builder')
  await using converter = await open('converter')
  await using monitor = await open('monitor')
  const has = { cores: 2, memoryMib: 1_000, diskMib: 0, kvm: false, root: false, architectures: [] }
  const capacity = { host: 'one', ...has }
  const options = { owner: 'h', now, until, limit: 1, capacity }
  for (const [service, ledger] of Object.entries({ builder, converter })) {
    const deliveries = [{ memoryMib: 800 }, { kvm: true }].map((needs) => {
      return {
        envelope: { ...requested(), drop: 'other' },
        key: null,
        wanted: true,
        endsWork: false,
        priority: -1,
        needs,
      }
    })
    await ledger.accept(service, deliveries, now)
    await ledger.present([{ service, slots: 4 }], 'h', capacity, now)
  }
  const [job] = await builder.lease('builder', options)
  expect(job?.needs).toEqual({ memoryMib: 800 })
  expect(await converter.lease('converter', options)).not.toContainEqual(
    expect.objectContaining({ needs: { memoryMib: 800 } }),
  )
  expect(await builder.unfit(now)).toMatchObject([{ service: 'builder', reason: 'no worker has kvm' }])
  expect((await monitor.unfit(now)).map(({ service }) => service).toSorted()).toEqual(['builder', 'converter'])
  await builder.finish(job?.id ?? 0, 'h', { state: 'done', events: [] }, now)
  expect(await converter.lease('converter', options)).toMatchObject([{ needs: { memoryMib: 800 } }])
  await Promise.all([builder.leave('h'), converter.leave('h')])
  expect(await monitor.workers(now)).toEqual([])
})

it('a service has a job of another end for a milestone, and nobody may who is no service', async () => {
  await using builder = await open('builder')
  await using converter = await open('converter')
  const has = { cores: 2, memoryMib: 1_000, diskMib: 0, kvm: false, root: false, architectures: [] }
  const options = { owner: 'h', now, capacity: { host: 'two', ...has } }
  const deliveryOf = (drop: string, order: { priority: number; preemptible?: boolean }) => {
    const envelope = { ...requested(), drop }
    return { envelope, key: null, wanted: true, endsWork: false, needs: { memoryMib: 800 }, ...order }
  }
  await converter.accept('converter', [deliveryOf('nightly-1', { priority: -1, preemptible: true })], now)
  const [job] = await converter.lease('converter', { ...options, until, limit: 1 })
  await builder.accept('builder', [deliveryOf('milestone-1', { priority: 0 })], now)
  await builder.present([{ service: 'builder', slots: 4 }], 'h', options.capacity, now)
  expect(await builder.makeRoom('builder', options)).toBe(1)
  const id = job?.id ?? 0
  const held = await converter.heartbeat([id], 'h', until)
  expect(held.get(id)).toEqual({ preemptedBy: 'builder of ec2.x86_64 of milestone-1' })
  const marks = `select preempt('{${String(id)}}', 'two', 'nothing')`
  for (const role of ['monitor', 'operator']) {
    expect(await rowsOf(role, marks)).toBe('permission denied for function preempt')
  }
  await converter.finish(id, 'h', { state: 'done', events: [] }, now)
  const [taken] = await builder.lease('builder', { ...options, until, limit: 1 })
  expect(taken?.drop).toBe('milestone-1')
  await builder.finish(taken?.id ?? 0, 'h', { state: 'done', events: [] }, now)
  await builder.leave('h')
})

it('a person looks, takes up again and asks, and the scheduler finds out who it was', async () => {
  await server.administer('create role jane login in role imagedrop_operator')
  await using operator = await openPostgresLedger({ url: by('jane'), poolSize: 2, log })
  await using scheduler = await open('scheduler')
  await using announcer = await open('announcer')
  const [job] = await leaseNew(announcer, 'announcer')
  await announcer.finish(job.id, 'a', { state: 'quarantined', events: [], error: 'no' }, now)
  expect(await operator.jobs({ service: 'announcer' })).toMatchObject([{ state: 'quarantined' }])
  expect(await operator.replay(imageRequested.example.drop, now)).toBeGreaterThan(0)
  expect(await announcer.jobs({})).toMatchObject([{ state: 'queued' }])
  expect(await operator.account()).toBe('jane')
  const event = { ...blessing(), sender: 'dgilmore' }
  await operator.say(event, now)
  expect(await announcer.takeUnsent({ ...everything, owner: 'a', now, until, limit: 10 })).toEqual([])
  const rows = await scheduler.takeUnsent({ ...everything, owner: 's', now, until, limit: 10 })
  expect(rows).toMatchObject([{ service: null, envelope: { ...event, sender: 'jane' } }])
  await scheduler.markSent(
    rows.map((row) => row.seq),
    now,
  )
})

it.each(services)('the %s writes no word of another service, and no request', async (name) => {
  await using ledger = await open(name.replaceAll('-', '_'))
  for (const other of services.filter((one) => one !== name)) {
    await expect(ledger.say(cancelled(), now, { service: other, owner: 'a' }), other).rejects.toThrow(notTheirs)
  }
  await expect(ledger.say(blessing(), now)).rejects.toThrow(`is the account of the ${name}, which asks for nothing`)
  // A process of the version before names no service: its role tells which it is, and no request comes of it.
  const role = name.replaceAll('-', '_')
  const old = `insert into outbox (event_id, subject, envelope, said_at) values ('${name}', 'x', '{}', 0)`
  expect(await rowsOf(role, old)).toBe('1 rows')
  expect(await rowsOf(role, `select from outbox where event_id = '${name}' and service = '${name}'`)).toBe('1 rows')
  const text = `insert into outbox (event_id, subject, envelope, service, said_at) values ('x', 'x', '{}', null, 0)`
  expect(await rowsOf(role, text)).toBe(notTheirs)
})

it('a person writes requests, and no word of a service', async () => {
  await using operator = await open('operator')
  await expect(operator.say(cancelled(), now, { service: 'scheduler', owner: 'a' })).rejects.toThrow(
    'permission denied for table outbox',
  )
  const values = `values ('y', 'x', '{}', 0, 'imagedrop_scheduler')`
  expect(await rowsOf('operator', `insert into outbox (event_id, subject, envelope, said_at, said_by) ${values}`)).toBe(
    'permission denied for table outbox',
  )
})

it('the monitor counts everything', async () => {
  await using announcer = await open('announcer')
  await using monitor = await open('monitor')
  await announcer.accept('announcer', [{ envelope: requested(), key: null, wanted: true, endsWork: false }], now)
  const { jobs } = await monitor.backlog(now)
  expect(jobs.find((one) => one.service === 'announcer' && one.state === 'queued')?.count).toBeGreaterThan(0)
  expect(jobs.some((one) => one.service === 'converter')).toBe(true)
})

it('an account that is a member of several roles runs their services together', async () => {
  await server.administer('create role imagedrop_worker login in role imagedrop_builder, imagedrop_converter')
  await migratePostgres({ url: as('owner'), log })
  await using both = await open('worker')
  await leaseNew(both, 'builder')
  await leaseNew(both, 'converter')
  const theirs = { builder: cancelled(), converter: cancelled() }
  for (const [service, event] of Object.entries(theirs)) await both.say(event, now, { service, owner: 'w' })
  await expect(both.say(cancelled(), now, { service: 'announcer', owner: 'w' })).rejects.toThrow(notTheirs)
  const rows = await both.takeUnsent({ ...everything, owner: 'w', now, until, limit: 10 })
  const ids = rows.map(({ envelope }) => envelope.id)
  expect(ids).toEqual(expect.arrayContaining(Object.values(theirs).map(({ id }) => id)))
})

function as(role: string): string {
  return by(`imagedrop_${role}`)
}

function by(account: string): string {
  const address = new URL(url)
  address.username = account
  return address.href
}

function open(role: string): Promise<Ledger> {
  return openPostgresLedger({ url: as(role), poolSize: 2, log })
}

async function leaseNew(ledger: Ledger, service: string) {
  await ledger.accept(service, [{ envelope: requested(), key: null, wanted: true, endsWork: false }], now)
  const [job] = await ledger.lease(service, { owner: 'a', now, until, limit: 1 })
  if (!job) throw new Error(`${service} got no job`)
  return [job] as const
}

/** What a role hears when it tries something. */
async function rowsOf(role: string, statement: string): Promise<string> {
  const client = new Client({ connectionString: as(role) })
  await client.connect()
  try {
    const { rowCount } = await client.query(statement)
    return rowCount === 0 ? 'no rows' : `${String(rowCount)} rows`
  } catch (error) {
    const message = error instanceof Error ? error.message : ''
    return message.replace('new row violates ', '')
  } finally {
    await client.end()
  }
}

function requested() {
  return seal(say(imageRequested, imageRequested.example), { now })
}

function blessing() {
  return seal(say(blessingRequested, blessingRequested.example), { now })
}

function cancelled() {
  return seal(say(dropCancelled, dropCancelled.example), { now })
}

function later(seconds: number): Date {
  return new Date(now.getTime() + seconds * 1_000)
}
