import { pino } from 'pino'
import { migratePostgres } from '#ledger/postgres/migrate.ts'
import { providePostgres, type PostgresServer } from '../brokers/postgres.ts'

/** What a bench logs: nothing. */
export const log = pino({ level: 'silent' })

/** A PostgreSQL server for one bench, which ends with it, and the address of an empty ledger on it. */
export async function provideLedgerServer(): Promise<AsyncDisposable & { server: PostgresServer; url: string }> {
  await using started = new AsyncDisposableStack()
  const server = started.use(await providePostgres())
  const url = await server.createDatabase()
  await migratePostgres({ url, log })
  const held = started.move()
  return { server, url, [Symbol.asyncDispose]: () => held.disposeAsync() }
}
