import { sql } from 'kysely'
import { DatabaseError } from 'pg'
import type { DatabaseKind } from '../database-kind.ts'

/** Many writers at a time: rows are locked one by one, and the end of a drop by a lock of its own. */
export const postgres: DatabaseKind = {
  name: 'PostgreSQL',
  countedUp: sql`bigint generated always as identity primary key`,
  among: (column, list) => sql`${column} = any(${list}::bigint[])`,
  takeRows: (query, table) => query.forUpdate(table).skipLocked(),
  // The function takes the shared half of holdEnding's lock: see the migration that makes it.
  hasEnded: (service, drop) => sql`has_ended(${service}, ${drop})`,
  async holdEnding(db, service, drop) {
    await sql`select pg_advisory_xact_lock(ending_lock(${service}, ${drop}))`.execute(db)
  },
  // In one order, so that two that want some of the same locks do not wait for each other.
  async holdWaits(db, service, keys) {
    await sql`
      select pg_advisory_xact_lock(lock) from (
        select distinct hashtextextended('wait/' || ${service} || '/' || key, 0) as lock
        from unnest(${keys}::text[]) as key order by lock
      ) as locks`.execute(db)
  },
  async holdHost(db, host) {
    await sql`select pg_advisory_xact_lock(hashtextextended('host/' || ${host}, 0))`.execute(db)
  },
  preemptibleOn: (host, now) => sql`select * from preemptible_on(${host}, ${now.getTime()})`,
  preempt: (jobs, host, by) => sql`select preempt(${jobs}::bigint[], ${host}, ${by})`,
  usedOn: (host, now) => sql`select cores, memory, disk from used_on(${host}, ${now.getTime()})`,
  heldOnHosts: (now) => sql`select host, cores, memory, disk from held_on_hosts(${now.getTime()})`,
  madeOn: (events) => sql`select event_id, host from made_on(${events}::text[])`,
  pastTimes: (services, images) =>
    sql`select service, image, took from past_times(${services}::text[], ${images}::text[])`,
  withMayWrite: true,
  isTableMissing: (error) => error instanceof DatabaseError && error.code === '42P01',
  async account(db) {
    const { rows } = await sql<{ account: string }>`select session_user as account`.execute(db)
    return rows[0]?.account ?? ''
  },
  signature: () => ({}),
}
