import { sql, type Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'

const jobColumns = {
  wait_for: 'text',
  wait_reason: 'text',
  wait_since: 'bigint',
  wait_state: 'text',
  woken_by: 'text',
  woken_seq: 'bigint',
  wakes_seen: 'text',
} as const

/** Jobs that wait, and the events that wake them. Older processes leave jobs in the state `waiting` alone. */
export async function up(db: Kysely<unknown>, { countedUp }: DatabaseKind): Promise<void> {
  for (const [name, type] of Object.entries(jobColumns)) {
    await db.schema.alterTable('jobs').addColumn(name, type).execute()
  }
  // Waiting jobs are in indexes of their own, so those over live jobs stay as small as they were.
  const indexes = { due: 'due_at', for: 'wait_for', reason: 'wait_reason, wait_since', key: 'key, id' }
  for (const [name, columns] of Object.entries(indexes)) {
    await sql`create index ${sql.raw(`jobs_waiting_${name}`)} on jobs (service, ${sql.raw(columns)})
      where state = 'waiting'`.execute(db)
  }

  await db.schema
    .createTable('wakes')
    .addColumn('seq', countedUp)
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('event_id', 'text', (column) => column.notNull())
    .addColumn('envelope', 'text', (column) => column.notNull())
    .addColumn('arrived_at', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('wakes_once_per_event', ['service', 'event_id'])
    .execute()
  await db.schema.createIndex('wakes_by_key').on('wakes').columns(['service', 'key', 'seq']).execute()
  await db.schema.createIndex('wakes_by_age').on('wakes').columns(['service', 'arrived_at']).execute()
}
