import { Migrator, type Kysely } from 'kysely'
import * as tables from './migrations/0001-tables.ts'
import * as outboxLease from './migrations/0002-outbox-lease.ts'
import type { Tables } from './schema.ts'

/** Brings the tables to this version's shape. Forward only. */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  const migrations = { '0001-tables': tables, '0002-outbox-lease': outboxLease }
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
}
