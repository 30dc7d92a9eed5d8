import type { Socket } from 'node:net'
import { Kysely } from 'kysely'
import { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Tables } from '../schema.ts'
import { clientConfig, endWithin, type PostgresAddress, type Settings } from './connection.ts'
import { createPostgresDialect } from './dialect.ts'

/** How long what is under way may take when we close. */
const closeTime = 2_000

interface DatabaseOptions {
  readonly poolSize: number
  readonly log: Logger
  /** Instead of what holds for a ledger's connections. */
  readonly settings?: Settings
}

/** A pool of connections behind Kysely. Nothing connects before the first statement. */
export function openDatabase(
  address: PostgresAddress,
  { poolSize, log, settings }: DatabaseOptions,
): { db: Kysely<Tables>; close: () => Promise<void> } {
  const sockets = new Set<Socket>()
  const pool = new Pool({
    ...clientConfig(address, sockets, settings),
    max: poolSize,
    idleTimeoutMillis: 60_000,
  })
  // Whoever uses a connection hears of its end by the statement that fails; without a listener we would end with it.
  pool.on('connect', (client) => void client.on('error', () => {}))
  // A connection that ends while nobody uses it: the pool has taken it out already.
  pool.on('error', (error) => {
    log.debug({ err: error }, 'a connection to the ledger ended')
  })
  const db = new Kysely<Tables>({ dialect: createPostgresDialect(pool) })
  return {
    db,
    async close() {
      await db.destroy()
      await endWithin(closeTime, pool.end(), sockets)
    },
  }
}
