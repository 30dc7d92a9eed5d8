import { sql } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'

/** One writer at a time: a transaction that writes has the whole database, so there is nothing to lock. */
export const sqlite: DatabaseKind = {
  name: 'SQLite',
  countedUp: sql`integer primary key autoincrement`,
  among: (column, list) => sql`${column} in (select value from json_each(${JSON.stringify(list)}))`,
  takeRows: (query) => query,
  hasEnded: (service, drop) => sql`exists (select 1 from ended_drops where service = ${service} and drop_id = ${drop})`,
  holdEnding: () => Promise.resolve(),
  holdWaits: () => Promise.resolve(),
  isTableMissing: (error) => error instanceof Error && error.message.startsWith('no such table'),
}
