import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import { LedgerAway, LedgerBroken, type Ledger } from '../ledger.ts'
import { migrate } from '../migrate.ts'
import { createPersist, type Patience, type Troubles } from '../persist.ts'
import type { Tables } from '../schema.ts'
import { createSqlLedger } from '../sql-ledger.ts'
import { createSqliteDialect } from './dialect.ts'
import { sqlite } from './kind.ts'
import { troublesOf } from './troubles.ts'
import { createFileWake } from './wake.ts'

/**
 * How long a statement waits for another process, in milliseconds. The whole process waits with it, so not for long: the
 * call is repeated. At the start, when another process may bring the tables up to date, there is nothing else to do.
 */
const busyTime = { atStart: 10_000, atWork: 500, atEnd: 50 }

/**
 * Opens the embedded ledger in a folder: one SQLite file, write-ahead log, every commit synced to the disk.
 * Several processes may have it open at once. Throws LedgerAway or LedgerBroken when the file cannot be used.
 */
export async function openSqliteLedger(folder: string, patience: Patience = {}): Promise<Ledger> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'ledger.sqlite')
  const troubles = troublesOf(file)
  const { database, db } = await prepare(file).catch((error: unknown) => {
    throw refusal(error, troubles)
  })
  const { ending } = patience
  const hurry = () => {
    if (database.isOpen) database.exec(`pragma busy_timeout = ${String(busyTime.atEnd)}`)
  }
  ending?.addEventListener('abort', hurry, { once: true })
  const giveUp = new AbortController()
  const wake = createFileWake(join(folder, 'wake'))
  return createSqlLedger(db, {
    kind: sqlite,
    wake,
    persist: createPersist(troubles, giveUp, patience),
    givenUp: giveUp.signal,
    async close() {
      ending?.removeEventListener('abort', hurry)
      await wake.close()
      await db.destroy()
      database.close()
    },
  })
}

async function prepare(file: string) {
  const database = new DatabaseSync(file)
  try {
    database.exec(`pragma busy_timeout = ${String(busyTime.atStart)}`)
    database.exec('pragma journal_mode = wal')
    database.exec('pragma synchronous = full')
    const db = new Kysely<Tables>({ dialect: createSqliteDialect(database) })
    await migrate(db, sqlite)
    database.exec(`pragma busy_timeout = ${String(busyTime.atWork)}`)
    return { database, db }
  } catch (error) {
    database.close()
    throw error
  }
}

function refusal(error: unknown, { classify, explain }: Troubles): unknown {
  const kind = classify(error)
  if (kind === 'other') return error
  return new (kind === 'broken' ? LedgerBroken : LedgerAway)(explain(error), { cause: error })
}
