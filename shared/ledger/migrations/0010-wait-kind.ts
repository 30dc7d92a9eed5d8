import { sql, type Kysely } from 'kysely'

/** Until now, which waits were planned was told by these words. */
const plannedReasons = [
  'the next look at what is public',
  'the end of the days for which withdrawn images are kept',
  'the end of the days for which superseded images stay hidden',
  'the end of the days for which superseded templates stay private',
  'the end of the grace time of its files',
  'images that are still used',
]

/** Of which kind a wait is. Older processes say nothing of it: then somebody else is waited for. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('jobs').addColumn('wait_kind', 'text').execute()
  await sql`update jobs set wait_kind = 'planned'
    where state = 'waiting' and wait_reason in (${sql.join(plannedReasons)})`.execute(db)
  // In the index, so that counting the jobs that wait goes on to read it alone.
  await db.schema.dropIndex('jobs_waiting_reason').execute()
  await sql`create index jobs_waiting_reason on jobs (service, wait_reason, wait_kind, wait_since)
    where state = 'waiting'`.execute(db)
}
