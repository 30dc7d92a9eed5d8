import type { Logger } from 'pino'
import type { Ledger } from '../ledger.ts'
import { checkSchema } from '../migrate.ts'
import { createPersist, type Patience } from '../persist.ts'
import { createSqlLedger } from '../sql-ledger.ts'
import type { PostgresAddress } from './connection.ts'
import { openDatabase } from './database.ts'
import { postgres } from './kind.ts'
import { troublesOf } from './troubles.ts'
import { createPostgresWake } from './wake.ts'

/** Where the ledger is and how this process uses it. */
export interface PostgresOptions extends PostgresAddress, Patience {
  /** Connections at most, besides the one for notifications. */
  readonly poolSize?: number
  /** How long to wait for a server that is not there, in milliseconds. */
  readonly patience?: number
  /** How often to look for work that nobody told us of, in milliseconds. */
  readonly pollEvery?: number
  readonly log: Logger
}

/**
 * Opens the ledger of a PostgreSQL database that `migratePostgres` has prepared, and waits half a minute for a
 * server that is not there. Throws SchemaOutdated when the tables are older than this program; newer ones do no harm.
 */
export async function openPostgresLedger(options: PostgresOptions): Promise<Ledger> {
  const { url, log, poolSize = 8, pollEvery = 5_000, patience = 30_000, onAway, ending } = options
  const { db, close } = openDatabase(options, { poolSize, log })
  const closing = new AbortController()
  const giveUp = new AbortController()
  const persist = createPersist(troublesOf(url), giveUp, {
    ...(onAway === undefined ? {} : { onAway }),
    ending: ending === undefined ? closing.signal : AbortSignal.any([ending, closing.signal]),
  })
  try {
    await persist(() => checkSchema(db, postgres), { patience })
  } catch (error) {
    await close()
    throw error
  }
  const wake = createPostgresWake(options, { log, pollEvery })
  return createSqlLedger(db, {
    kind: postgres,
    wake,
    persist,
    givenUp: giveUp.signal,
    async close() {
      closing.abort()
      await wake.close()
      await close()
    },
  })
}
