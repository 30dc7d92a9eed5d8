import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageRequested } from '#events/image-requested.ts'
import { providePostgres, type PostgresServer } from '#test/brokers/postgres.ts'
import { SchemaOutdated } from '../ledger.ts'
import { migrations, type Migration } from '../migrate.ts'
import { ofBuilder } from '../testing/ledger.ts'
import { migratePostgres } from './migrate.ts'
import { openPostgresLedger } from './open.ts'

const log = pino({ level: 'silent' })
let server: PostgresServer
beforeAll(async () => {
  server = await providePostgres()
}, 120_000)
afterAll(() => server[Symbol.asyncDispose]())

it('says what to run when the tables are not there or too old', async () => {
  const url = await server.createDatabase()
  await expect(openPostgresLedger({ url, log })).rejects.toThrow(SchemaOutdated)
  await expect(openPostgresLedger({ url, log })).rejects.toThrow(
    /migration 0001-tables and \d+ more: run `imagedrop migrate`/,
  )
  const [first] = Object.entries(migrations)
  await migratePostgres({ url, log }, Object.fromEntries([first ?? []]))
  await expect(openPostgresLedger({ url, log })).rejects.toThrow('lack migration 0002-outbox-lease')
})

it('is done once when several processes do it at the same time', async () => {
  const url = await server.createDatabase()
  const done = await Promise.all(Array.from({ length: 4 }, () => migratePostgres({ url, log })))
  expect(done.filter((names) => names.length > 0)).toEqual([Object.keys(migrations)])
  await (await openPostgresLedger({ url, log }))[Symbol.asyncDispose]()
})

it('knows which waits were planned before a wait said so, by what they waited for then', async () => {
  const url = await server.createDatabase()
  const { '0010-wait-kind': step, ...before } = migrations
  await migratePostgres({ url, log }, before)
  const reasons = ['a Koji task', 'the next look at what is public', 'the end of the grace time of its files']
  for (const reason of reasons) {
    const row = `values ('builder', '${reason}', 'x', '{}', 'waiting', 0, 0, 0, '${reason}', 0)`
    await server.administer(
      `insert into jobs (service, event_id, subject, envelope, state, attempts, due_at, accepted_at, wait_reason, wait_since) ${row}`,
      url,
    )
  }
  expect(step).toBeDefined()
  await migratePostgres({ url, log })
  await using ledger = await openPostgresLedger({ url, log })
  const { waits } = await ledger.backlog(new Date())
  expect(Object.fromEntries(waits.map(({ reason, kind }) => [reason, kind]))).toEqual({
    'a Koji task': 'others',
    'the end of the grace time of its files': 'planned',
    'the next look at what is public': 'planned',
  })
})

it('lets a process of the old version work on while it runs, and afterwards', async () => {
  const url = await server.createDatabase()
  await migratePostgres({ url, log })
  await using old = await openPostgresLedger({ url, poolSize: 2, log })
  let done = 0
  const stop = new AbortController()
  const working = (async () => {
    while (!stop.signal.aborted) {
      const now = new Date()
      const envelope = seal(say(imageRequested, imageRequested.example), { now })
      await old.accept('builder', [{ envelope, key: null, wanted: true, endsWork: false }], now)
      const until = new Date(now.getTime() + 60_000)
      const jobs = await old.lease('builder', { owner: 'a', now, until, limit: 5 })
      for (const job of jobs) await old.finish(job.id, 'a', { state: 'done', events: [envelope] }, now)
      const rows = await old.takeUnsent({ ...ofBuilder, owner: 'a', now, until, limit: 10 })
      await old.markSent(
        rows.map((row) => row.seq),
        now,
      )
      await old.jobs({ service: 'builder', states: ['running'] })
      done += jobs.length
    }
  })()
  await new Promise<void>((resolve) => {
    const look = setInterval(() => {
      if (done < 10) return
      clearInterval(look)
      resolve()
    }, 10)
  })
  const next: Migration = {
    async up(db) {
      await db.schema
        .alterTable('jobs')
        .addColumn('weight', 'integer', (column) => column.defaultTo(0))
        .execute()
      await db.schema.alterTable('outbox').addColumn('size', 'integer').execute()
      await sql`select pg_sleep(0.3)`.execute(db)
      await sql`create index jobs_by_weight on jobs (weight)`.execute(db)
    },
  }
  expect(await migratePostgres({ url, log }, { ...migrations, '9999-next': next })).toEqual(['9999-next'])
  const before = done
  await expect.poll(() => done, { timeout: 20_000 }).toBeGreaterThan(before + 5)
  stop.abort()
  await working
  await using newer = await openPostgresLedger({ url, log })
  expect(await newer.jobs({ states: ['queued', 'running'] })).toEqual([])
  expect(await migratePostgres({ url, log })).toEqual([])
})
