import { sql, type Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'

/** Inbox and jobs in one table, the outbox, entities, and the drops that services have let go. */
export async function up(db: Kysely<unknown>, { countedUp }: DatabaseKind): Promise<void> {
  await db.schema
    .createTable('jobs')
    .addColumn('id', countedUp)
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('event_id', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('drop_id', 'text')
    .addColumn('image', 'text')
    .addColumn('key', 'text')
    .addColumn('envelope', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('due_at', 'bigint', (column) => column.notNull())
    .addColumn('lease_owner', 'text')
    .addColumn('lease_until', 'bigint')
    .addColumn('cancel_requested', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('error', 'text')
    .addColumn('accepted_at', 'bigint', (column) => column.notNull())
    .addColumn('started_at', 'bigint')
    .addColumn('finished_at', 'bigint')
    .addUniqueConstraint('jobs_once_per_event', ['service', 'event_id'])
    .execute()
  // Only live jobs are searched for work, so the cost of a lease does not grow with the past.
  await sql`create index jobs_live on jobs (service, id) where state in ('queued', 'running')`.execute(db)
  await sql`create index jobs_live_key on jobs (service, key, id) where state in ('queued', 'running')`.execute(db)
  await db.schema.createIndex('jobs_by_drop').on('jobs').columns(['drop_id', 'id']).execute()

  await db.schema
    .createTable('outbox')
    .addColumn('seq', countedUp)
    .addColumn('event_id', 'text', (column) => column.notNull().unique())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('drop_id', 'text')
    .addColumn('envelope', 'text', (column) => column.notNull())
    .addColumn('said_at', 'bigint', (column) => column.notNull())
    .addColumn('sent_at', 'bigint')
    .execute()
  await sql`create index outbox_unsent on outbox (seq) where sent_at is null`.execute(db)
  await db.schema.createIndex('outbox_by_drop').on('outbox').columns(['drop_id', 'seq']).execute()
  await db.schema.createIndex('outbox_by_subject').on('outbox').columns(['subject', 'seq']).execute()

  await db.schema
    .createTable('entities')
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('entities_key', ['service', 'key'])
    .execute()

  await db.schema
    .createTable('ended_drops')
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('drop_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('ended_drops_key', ['service', 'drop_id'])
    .execute()
}
