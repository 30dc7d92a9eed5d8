import { pino } from 'pino'
import { afterAll, beforeAll } from 'vitest'
import { providePostgres, type PostgresServer } from '#test/brokers/postgres.ts'
import { testLedgerCompetition } from '../competition.contract.ts'
import { testLedger } from '../ledger.contract.ts'
import type { Data } from '../testing/ledger.ts'
import { testLedgerOrder } from '../order.contract.ts'
import { testLedgerOutbox } from '../outbox.contract.ts'
import { testLedgerPlacement } from '../placement.contract.ts'
import { testLedgerPreemption } from '../preemption.contract.ts'
import { testLedgerWaitingEnds } from '../waiting-ends.contract.ts'
import { testLedgerWaiting } from '../waiting.contract.ts'
import { migratePostgres } from './migrate.ts'
import { openPostgresLedger } from './open.ts'

const log = pino({ level: 'silent' })
let server: PostgresServer
let empty: string

beforeAll(async () => {
  server = await providePostgres()
  empty = await server.createDatabase()
  await migratePostgres({ url: empty, log })
}, 120_000)
afterAll(() => server[Symbol.asyncDispose]())

// The first, for it restarts the server, which writes down every database that there is then.
testLedgerCompetition('PostgreSQL', prepare)
testLedger('PostgreSQL', prepare)
testLedgerOutbox('PostgreSQL', prepare)
testLedgerWaiting('PostgreSQL', prepare)
testLedgerWaitingEnds('PostgreSQL', prepare)
testLedgerPlacement('PostgreSQL', prepare)
testLedgerPreemption('PostgreSQL', prepare)
testLedgerOrder('PostgreSQL', prepare)

async function prepare(): Promise<Data> {
  const url = await server.createDatabase({ like: empty })
  return {
    open: () => openPostgresLedger({ url, poolSize: 3, log }),
    ...(server.canRestart ? { restart: () => server.restart() } : {}),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
