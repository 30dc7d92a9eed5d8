import { sql, type Kysely } from 'kysely'

/**
 * What a lease looks at, by how it becomes due: at once, at its time, or when its lease has run out. In one index together,
 * thousands of jobs that were put off would be passed over at each look. Older processes find all of them in the index by key.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const indexes = {
    jobs_queued: sql`(service, id) where state = 'queued' and due_at <= accepted_at`,
    jobs_put_off: sql`(service, due_at) where state = 'queued' and due_at > accepted_at`,
    jobs_running: sql`(service, lease_until) where state = 'running'`,
  }
  for (const [name, on] of Object.entries(indexes)) {
    await sql`create index ${sql.raw(name)} on jobs ${on}`.execute(db)
  }
  await db.schema.dropIndex('jobs_live').execute()
}
