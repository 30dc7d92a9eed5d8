import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import type { Ledger } from '#ledger/ledger.ts'
import { migrate } from '#ledger/migrate.ts'
import type { Tables } from '#ledger/schema.ts'
import { createSqlLedger } from '#ledger/sql-ledger.ts'
import { createSqliteDialect } from '#ledger/sqlite/dialect.ts'
import { sqlite } from '#ledger/sqlite/kind.ts'

/** The embedded ledger in memory: nothing is synced to a disk, and its one process calls nobody. */
export async function openMemoryLedger(): Promise<Ledger> {
  const database = new DatabaseSync(':memory:')
  const db = new Kysely<Tables>({ dialect: createSqliteDialect(database) })
  await migrate(db, sqlite)
  return createSqlLedger(db, {
    kind: sqlite,
    wake: {
      ring: () => {},
      listen: () => ({ [Symbol.dispose]: () => {} }),
      offer: () => {},
      keepsTime: () => Promise.resolve(true),
      close: () => Promise.resolve(),
    },
    persist: (call) => call(false),
    givenUp: new AbortController().signal,
    async close() {
      await db.destroy()
      database.close()
    },
  })
}
