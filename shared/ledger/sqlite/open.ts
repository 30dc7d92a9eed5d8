import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import type { Ledger } from '../ledger.ts'
import { migrate } from '../migrate.ts'
import { once } from '../persist.ts'
import type { Tables } from '../schema.ts'
import { createSqlLedger } from '../sql-ledger.ts'
import { createSqliteDialect } from './dialect.ts'
import { sqlite } from './kind.ts'
import { createFileWake } from './wake.ts'

/**
 * Opens the embedded ledger in a folder: one SQLite file, write-ahead log, every commit synced to the disk.
 * Several processes may have it open at once.
 */
export async function openSqliteLedger(folder: string): Promise<Ledger> {
  await mkdir(folder, { recursive: true })
  const database = new DatabaseSync(join(folder, 'ledger.sqlite'))
  database.exec('pragma busy_timeout = 10000')
  database.exec('pragma journal_mode = wal')
  database.exec('pragma synchronous = full')
  const db = new Kysely<Tables>({ dialect: createSqliteDialect(database) })
  await migrate(db, sqlite)
  const wake = createFileWake(join(folder, 'wake'))
  return createSqlLedger(db, {
    kind: sqlite,
    wake,
    persist: once,
    async close() {
      await wake.close()
      await db.destroy()
      database.close()
    },
  })
}
