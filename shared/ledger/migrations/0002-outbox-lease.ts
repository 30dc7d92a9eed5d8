import { sql, type Kysely } from 'kysely'

/** Several processes send from one outbox: each row has one sender at a time. Older processes do not mind the columns. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('outbox').addColumn('lease_owner', 'text').execute()
  await db.schema.alterTable('outbox').addColumn('lease_until', 'bigint').execute()
  // What people look at: the finished jobs of years are not counted each time somebody asks.
  await sql`create index jobs_open on jobs (service, state, accepted_at) where state not in ('done', 'cancelled')`.execute(
    db,
  )
}
