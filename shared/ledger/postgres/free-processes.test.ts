import { Client } from 'pg'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { providePostgres, type PostgresServer } from '#test/brokers/postgres.ts'
import { startTcpProxy } from '#test/brokers/tcp-proxy.ts'
import type { Ledger } from '../ledger.ts'
import { wanted } from '../testing/ledger.ts'
import { migratePostgres } from './migrate.ts'
import { openPostgresLedger } from './open.ts'

const log = pino({ level: 'silent' })
const now = new Date('2026-01-01T00:00:00Z')
let server: PostgresServer
let empty: string
let url: string

beforeAll(async () => {
  server = await providePostgres()
  empty = await server.createDatabase()
  await migratePostgres({ url: empty, log })
}, 120_000)
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  url = await server.createDatabase({ like: empty })
})

it('calls one of many that are free, for each time that there is work', async () => {
  await using many = await openMany(8)
  await using busy = await open()
  for (let calls = 1; calls <= 4; calls += 1) {
    await busy.accept('builder', [wanted(), wanted()], now)
    await expect.poll(many.calls, { timeout: 20_000 }).toBe(calls)
  }
})

it('calls nobody for work that the process takes itself, and another when it cannot', async () => {
  await using many = await openMany(3)
  await using worker = await openFree()
  await worker.ledger.accept('builder', [wanted()], now)
  expect(worker.rings()).toBe(1)
  worker.ledger.offer('builder', false)
  await expect.poll(many.calls, { timeout: 20_000 }).toBe(1)
  expect(worker.rings()).toBe(1)
})

it('does not call one that has become busy, nor one that is free for another service', async () => {
  await using one = await openFree()
  await using converter = await openFree('converter')
  await using other = await openFree()
  one.ledger.offer('builder', false)
  await expect.poll(() => freeProcesses('builder'), { timeout: 20_000 }).toBe(1)
  // It leaves what there may be to the other.
  await expect.poll(other.rings, { timeout: 20_000 }).toBe(1)
  await using busy = await open()
  for (let calls = 2; calls < 5; calls += 1) {
    await busy.accept('builder', [wanted()], now)
    await expect.poll(other.rings, { timeout: 20_000 }).toBe(calls)
  }
  expect(one.rings() + converter.rings()).toBe(0)
})

it('calls one that was busy and is free again', async () => {
  await using worker = await openFree()
  worker.ledger.offer('builder', false)
  await expect.poll(() => freeProcesses('builder'), { timeout: 20_000 }).toBe(0)
  worker.ledger.offer('builder', true)
  // It looks once more when others know of it: what came before called nobody.
  await expect.poll(worker.rings, { timeout: 20_000 }).toBe(1)
  await using busy = await open()
  await busy.accept('builder', [wanted()], now)
  await expect.poll(worker.rings, { timeout: 20_000 }).toBe(2)
})

it('has one of those that are free keep the time, and another when it is busy', async () => {
  await using one = await openFree()
  await using other = await openFree()
  await using converter = await openFree('converter')
  const keepers = () => Promise.all([one, other].map(({ ledger }) => ledger.keepsTime('builder')))
  const first = await keepers()
  expect(first.filter(Boolean)).toEqual([true])
  expect(await converter.ledger.keepsTime('converter')).toBe(true)
  ;(first[0] === true ? one : other).ledger.offer('builder', false)
  await expect.poll(keepers, { timeout: 20_000 }).toEqual(first.map((keeps) => !keeps))
})

it('takes one whose connection is gone off the list', async () => {
  await using proxy = await startTcpProxy(Number(new URL(url).port))
  await using gone = await openFree('builder', proxy.url(url))
  await using other = await openFree()
  expect(await freeProcesses('builder')).toBe(2)
  proxy.cut()
  await expect.poll(() => freeProcesses('builder'), { timeout: 20_000 }).toBe(1)
  await using busy = await open()
  await busy.accept('builder', [wanted()], now)
  await expect.poll(other.rings, { timeout: 20_000 }).toBe(1)
  expect(gone.rings()).toBe(0)
})

/** A process that is free for a service. */
async function openFree(service = 'builder', at = url) {
  const ledger = await open(at)
  let rings = 0
  ledger.watch((where) => {
    if (typeof where === 'object') rings += 1
  })
  ledger.offer(service, true)
  await expect.poll(() => rings, { timeout: 20_000 }).toBe(1)
  rings = 0
  return {
    ledger,
    rings: () => rings,
    [Symbol.asyncDispose]: () => ledger[Symbol.asyncDispose](),
  }
}

async function openMany(count: number) {
  const all = await Promise.all(Array.from({ length: count }, () => openFree()))
  return {
    calls: () => all.reduce((sum, one) => sum + one.rings(), 0),
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((one) => one[Symbol.asyncDispose]()))
    },
  }
}

function open(at = url): Promise<Ledger> {
  return openPostgresLedger({ url: at, poolSize: 1, pollEvery: 60_000, log })
}

/** How many the server has on its list. */
async function freeProcesses(service: string): Promise<number> {
  const client = new Client(url)
  await client.connect()
  try {
    const { rowCount } = await client.query(
      `select from pg_locks where locktype = 'advisory' and objid = (hashtext($1)::bigint & 4294967295)::oid`,
      [service],
    )
    return rowCount ?? 0
  } finally {
    await client.end()
  }
}
