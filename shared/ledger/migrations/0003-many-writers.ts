import { sql, type Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'

/** What PostgreSQL needs because many write at a time. SQLite has one writer. */
export async function up(db: Kysely<unknown>, { name }: DatabaseKind): Promise<void> {
  if (name !== 'PostgreSQL') return
  await sql`
    create function ending_lock(service text, drop_id text) returns bigint language sql immutable
    return hashtextextended(service || '/' || drop_id, 0)`.execute(db)
  // Waits for an ending that is not committed yet. Volatile, so that the second statement sees what the first waited for.
  await sql`
    create function has_ended(of_service text, of_drop text) returns boolean language plpgsql volatile as $$
    begin
      perform pg_advisory_xact_lock_shared(ending_lock(of_service, of_drop));
      return exists (select from ended_drops where service = of_service and drop_id = of_drop);
    end $$`.execute(db)
  // Who said an event sends it: a service's account sees no others.
  await sql`alter table outbox add column said_by text not null default current_user`.execute(db)
  // A queue leaves its dead entries where every look-up begins, so they are cleared away early and always.
  for (const table of ['jobs', 'outbox']) {
    await sql`
      alter table ${sql.table(table)} set (
        autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, vacuum_index_cleanup = on,
        autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.2)`.execute(db)
  }
}
