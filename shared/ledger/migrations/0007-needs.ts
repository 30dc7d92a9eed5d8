import { sql, type Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'

const jobColumns = {
  need_cores: 'integer',
  need_memory: 'integer',
  need_disk: 'integer',
  need_kvm: 'integer',
  need_root: 'integer',
} as const

/**
 * What jobs need, where they run, and what the workers have. Jobs of older processes need nothing; jobs that these run are on
 * no host.
 */
export async function up(db: Kysely<unknown>, { name }: DatabaseKind): Promise<void> {
  for (const [column, type] of Object.entries(jobColumns)) {
    await db.schema
      .alterTable('jobs')
      .addColumn(column, type, (is) => is.notNull().defaultTo(0))
      .execute()
  }
  await db.schema.alterTable('jobs').addColumn('need_architecture', 'text').execute()
  await addOrder(db)
  await db.schema.alterTable('jobs').addColumn('lease_host', 'text').execute()
  await sql`create index jobs_on_host on jobs (lease_host) where state = 'running' and lease_host is not null`.execute(
    db,
  )
  await db.schema
    .createTable('workers')
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('capacity', 'text', (column) => column.notNull())
    .addColumn('seen_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('workers_key', ['service', 'owner'])
    .execute()
  if (name === 'PostgreSQL') await createUsedOn(db)
}

/** Jobs that are due are taken by priority and turn; without them, as in jobs of older processes, in order of arrival. */
async function addOrder(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('jobs')
    .addColumn('priority', 'integer', (is) => is.notNull().defaultTo(0))
    .execute()
  await db.schema
    .alterTable('jobs')
    .addColumn('turn', 'bigint', (is) => is.notNull().defaultTo(0))
    .execute()
  await db.schema.alterTable('jobs').addColumn('share', 'text').execute()
  const fresh = sql`state = 'queued' and due_at <= accepted_at`
  await db.schema.dropIndex('jobs_queued').execute()
  await sql`create index jobs_queued on jobs (service, priority, turn, id) where ${fresh}`.execute(db)
  for (const [name, columns] of Object.entries({ share: 'priority, share, turn', drop: 'drop_id, turn' })) {
    await sql`create index ${sql.raw(`jobs_turn_by_${name}`)} on jobs (service, ${sql.raw(columns)})
      where ${fresh} and share is not null`.execute(db)
  }
}

/**
 * What the running jobs of a host hold, of all services: as the owner of the table, for a service sees its own jobs alone.
 * Whoever asks for a host has it to itself until its lease is committed. Volatile, so that the sum is of what was committed
 * while we waited for that.
 */
async function createUsedOn(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function used_on(of_host text, at_time bigint, out cores bigint, out memory bigint, out disk bigint)
    language plpgsql volatile security definer set search_path = public, pg_temp as $$
    begin
      perform pg_advisory_xact_lock(hashtextextended('host/' || of_host, 0));
      select coalesce(sum(need_cores), 0), coalesce(sum(need_memory), 0), coalesce(sum(need_disk), 0)
        into cores, memory, disk from jobs
        where lease_host = of_host and state = 'running' and lease_until >= at_time;
    end $$`.execute(db)
}
