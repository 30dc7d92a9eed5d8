import { sql, type Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'

/**
 * How long a job is expected to take, and how long the way is that its image still has to go: of one turn, the longest way goes first.
 * Jobs of older processes expect nothing, and come last in their turn.
 */
export async function up(db: Kysely<unknown>, { name }: DatabaseKind): Promise<void> {
  await db.schema.alterTable('jobs').addColumn('expected_ms', 'bigint').execute()
  await db.schema
    .alterTable('jobs')
    .addColumn('path_ms', 'bigint', (is) => is.notNull().defaultTo(0))
    .execute()
  await db.schema.dropIndex('jobs_queued').execute()
  await sql`create index jobs_queued on jobs (service, priority, turn, path_ms desc, id)
    where state = 'queued' and due_at <= accepted_at`.execute(db)
  await sql`create index jobs_past on jobs (service, image, finished_at)
    where state = 'done' and image is not null and key is null`.execute(db)
  if (name === 'PostgreSQL') await createPastTimes(db)
}

/** As the owner of the table, for a service sees its own jobs alone; all that it tells is how long they took at the mean. */
async function createPastTimes(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function past_times(of_services text[], of_images text[])
    returns table (service text, image text, took double precision)
    language sql stable security definer set search_path = public, pg_temp as $$
      select the.service, its.image, (
        select avg(past.finished_at - past.started_at) from (
          select finished_at, started_at from jobs
          where jobs.service = the.service and jobs.image = its.image
            and state = 'done' and jobs.image is not null and key is null
          order by finished_at desc limit 10
        ) as past
      )::double precision
      from unnest(of_services) as the (service) cross join unnest(of_images) as its (image)
    $$`.execute(db)
}
