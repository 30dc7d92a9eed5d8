import { afterAll, beforeAll, expect, it } from 'vitest'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageRequested } from '#events/image-requested.ts'
import { rolesAreCurrent } from '../../../deploy/postgres/generate.ts'
import { house } from '#test/support/house.ts'
import { LeaseLost } from '../ledger.ts'
import {
  blessing,
  cancelled,
  everything,
  later,
  leaseNew,
  notTheirs,
  now,
  openGuardedLedger,
  requested,
  until,
  type GuardedLedger,
} from './testing/guarded-ledger.ts'
import { testWork } from './testing/work-tests.ts'

let guarded: GuardedLedger
beforeAll(async () => {
  guarded = await openGuardedLedger()
}, 120_000)
afterAll(() => guarded[Symbol.asyncDispose]())

it('the roles in deploy/postgres are those of the services that there are (npm run docs)', async () => {
  expect(await rolesAreCurrent()).toBe(true)
})

it('a service does a whole job with its own account, and its events are its own to send', async () => {
  await using builder = await guarded.open('builder')
  await using other = await guarded.open('builder')
  await using converter = await guarded.open('converter')
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
  await using builder = await guarded.open('builder')
  await using converter = await guarded.open('converter')
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
  await expect(guarded.rowsOf(role, statement)).resolves.toBe(refusal)
})

testWork(() => guarded)

it('a person looks, takes up again and asks, and the scheduler finds out who it was', async () => {
  await guarded.administer('create role jane login in role imagedrop_operator')
  await using operator = await guarded.openBy('jane')
  await using scheduler = await guarded.open('scheduler')
  await using announcer = await guarded.open('announcer')
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

it.each(house.names)('the %s writes no word of another service, and no request', async (name) => {
  await using ledger = await guarded.open(name.replaceAll('-', '_'))
  for (const other of house.names.filter((one) => one !== name)) {
    await expect(ledger.say(cancelled(), now, { service: other, owner: 'a' }), other).rejects.toThrow(notTheirs)
  }
  await expect(ledger.say(blessing(), now)).rejects.toThrow(`is the account of the ${name}, which asks for nothing`)
  // A process of the version before names no service: its role tells which it is, and no request comes of it.
  const role = name.replaceAll('-', '_')
  const old = `insert into outbox (event_id, subject, envelope, said_at) values ('${name}', 'x', '{}', 0)`
  expect(await guarded.rowsOf(role, old)).toBe('1 rows')
  expect(await guarded.rowsOf(role, `select from outbox where event_id = '${name}' and service = '${name}'`)).toBe(
    '1 rows',
  )
  const text = `insert into outbox (event_id, subject, envelope, service, said_at) values ('x', 'x', '{}', null, 0)`
  expect(await guarded.rowsOf(role, text)).toBe(notTheirs)
})

it('a person writes requests, and no word of a service', async () => {
  await using operator = await guarded.open('operator')
  await expect(operator.say(cancelled(), now, { service: 'scheduler', owner: 'a' })).rejects.toThrow(
    'permission denied for table outbox',
  )
  const values = `values ('y', 'x', '{}', 0, 'imagedrop_scheduler')`
  expect(
    await guarded.rowsOf('operator', `insert into outbox (event_id, subject, envelope, said_at, said_by) ${values}`),
  ).toBe('permission denied for table outbox')
})

it('the monitor counts everything', async () => {
  await using announcer = await guarded.open('announcer')
  await using monitor = await guarded.open('monitor')
  await announcer.accept('announcer', [{ envelope: requested(), key: null, wanted: true, endsWork: false }], now)
  const { jobs } = await monitor.backlog(now)
  expect(jobs.find((one) => one.service === 'announcer' && one.state === 'queued')?.count).toBeGreaterThan(0)
  expect(jobs.some((one) => one.service === 'converter')).toBe(true)
})

it('an account that is a member of several roles runs their services together', async () => {
  await guarded.administer('create role imagedrop_worker login in role imagedrop_builder, imagedrop_converter')
  await guarded.migrate()
  await using both = await guarded.open('worker')
  await leaseNew(both, 'builder')
  await leaseNew(both, 'converter')
  const theirs = { builder: cancelled(), converter: cancelled() }
  for (const [service, event] of Object.entries(theirs)) await both.say(event, now, { service, owner: 'w' })
  await expect(both.say(cancelled(), now, { service: 'announcer', owner: 'w' })).rejects.toThrow(notTheirs)
  const rows = await both.takeUnsent({ ...everything, owner: 'w', now, until, limit: 10 })
  const ids = rows.map(({ envelope }) => envelope.id)
  expect(ids).toEqual(expect.arrayContaining(Object.values(theirs).map(({ id }) => id)))
})
