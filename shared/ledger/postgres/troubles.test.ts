import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { providePostgres, type PostgresServer } from '#test/brokers/postgres.ts'
import { canMount } from '#test/faults/small-disk.ts'
import { wanted } from '../testing/ledger.ts'
import { migratePostgres } from './migrate.ts'
import { openPostgresLedger } from './open.ts'

const log = pino({ level: 'silent' })
const isRoot = process.getuid?.() === 0
const mayMount = isRoot && (await canMount())
let server: PostgresServer
let url: string
let told: (string | null)[]

beforeAll(async () => {
  server = await providePostgres(mayMount ? { smallDisk: '8m' } : {})
}, 120_000)
afterAll(() => server[Symbol.asyncDispose]())

async function openFresh() {
  url = await server.createDatabase()
  await migratePostgres({ url, log })
  told = []
  return await openPostgresLedger({ url, log, onAway: (reason) => told.push(reason) })
}

/** Makes a call, waits until it was told why that does not work, mends it, and gives what came of the call. */
async function waitsUntil<Result>(call: Promise<Result>, mend: () => Promise<unknown>): Promise<Result> {
  while (told.length === 0) await sleep(50)
  await mend()
  return await call
}

it('waits while the server is down, and says at which address nobody answers', async () => {
  await using ledger = await openFresh()
  await server.stop()
  expect(await waitsUntil(ledger.accept('builder', [wanted()], new Date()), () => server.start())).toBe(1)
  const { host, pathname } = new URL(url)
  expect(told).toEqual([
    expect.stringContaining(`the ledger ${host}${pathname} does not answer: connect ECONNREFUSED`),
    null,
  ])
})

it('waits while the database is read-only, as a primary is that became a standby', async () => {
  await using ledger = await openFresh()
  const readOnly = async (value: string) => {
    await server.administer(`alter system set default_transaction_read_only = ${value}`)
    await server.administer('select pg_reload_conf()')
  }
  await readOnly('on')
  const accepted = ledger.accept('builder', [wanted()], new Date())
  expect(await waitsUntil(accepted, () => readOnly('off'))).toBe(1)
  expect(told).toEqual([
    expect.stringMatching(
      /^the ledger \S+ cannot be written, it is read-only: cannot execute \w+ in a read-only transaction/,
    ),
    null,
  ])
})

describe.skipIf(!mayMount)('on a full disk', () => {
  it('waits, and goes on when there is room', async () => {
    await using ledger = await openFresh()
    const small = join(server.place.folder, 'small')
    await server.administer(`create tablespace small location '${small}'`)
    await server.administer('alter table jobs set tablespace small', url)
    await server.administer('create table filler (text text) tablespace small', url)
    const fill = 'insert into filler select repeat(md5(random()::text), 60) from generate_series(1, 100)'
    while (
      await server.administer(fill, url).then(
        () => true,
        () => false,
      )
    );
    // A page has room for a few jobs yet.
    let accepted: Promise<number>
    do accepted = ledger.accept('builder', Array.from({ length: 50 }, wanted), new Date())
    while ((await Promise.race([accepted.then(() => true), sleep(2_000, false)])) && told.length === 0)
    expect(await waitsUntil(accepted, () => server.administer('drop table filler', url))).toBe(50)
    expect(told).toEqual([
      expect.stringMatching(
        /^the ledger \S+ cannot be written, the disk of its server is full: could not extend file .*: No space left on device/,
      ),
      null,
    ])
  })
})
