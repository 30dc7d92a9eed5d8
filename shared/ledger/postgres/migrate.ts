import { sql } from 'kysely'
import type { Logger } from 'pino'
import { migrate, migrations } from '../migrate.ts'
import { createPersist } from '../persist.ts'
import type { PostgresAddress } from './connection.ts'
import { openDatabase } from './database.ts'
import { grants } from './grants.ts'
import { wordsPolicy, type Word } from './words.ts'
import { postgres } from './kind.ts'
import { troublesOf } from './troubles.ts'

/** Waits for other migrations as long as they take, and for tables in use a moment only: others wait behind us. */
const settings = { lock_timeout: 3_000, statement_timeout: 0, jit: 'off' }

interface MigrateOptions extends PostgresAddress {
  readonly log: Logger
  /** What may stand in the outbox; without it, any subject may. */
  readonly words?: readonly Word[]
}

/**
 * Brings the tables to this version's shape while older processes work on them, and renews what each role may do.
 * One process at a time does it. Resolves with the names of the migrations that were missing.
 */
export async function migratePostgres(options: MigrateOptions, steps = migrations): Promise<string[]> {
  const { log, words = [] } = options
  const { db, close } = openDatabase(options, { poolSize: 2, log, settings })
  const onAway = (reason: string | null) => {
    if (reason !== null) log.warn({ reason }, 'the ledger is away')
  }
  const persist = createPersist(troublesOf(options.url), new AbortController(), { onAway })
  try {
    const done = await persist(() => migrate(db, postgres, steps), { patience: 120_000 })
    await persist(() =>
      db.transaction().execute(async (transaction) => {
        await sql.raw(grants).execute(transaction)
        await sql.raw(wordsPolicy(words)).execute(transaction)
      }),
    )
    return done
  } finally {
    await close()
  }
}
