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
  await addNearness(db)
  if (name !== 'PostgreSQL') return
  await createPastTimes(db)
  await createMadeOn(db)
  await createHeld(db)
}

/** The host on which the input of a job was made; and how many jobs a worker does at a time: of older processes, nobody knows. */
async function addNearness(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('jobs').addColumn('near_host', 'text').execute()
  await sql`create index jobs_near on jobs (service, near_host, priority, turn, path_ms desc, id)
    where state = 'queued' and due_at <= accepted_at and near_host is not null`.execute(db)
  await db.schema.alterTable('workers').addColumn('slots', 'integer').execute()
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

/** On which hosts the jobs ran that said events; as the owner, for they are jobs of other services. */
async function createMadeOn(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function made_on(of_events text[]) returns table (event_id text, host text)
    language sql stable security definer set search_path = public, pg_temp as $$
      select outbox.event_id, jobs.lease_host
      from outbox join jobs on jobs.service = outbox.service and jobs.event_id = outbox.envelope::jsonb ->> 'causation'
      where outbox.event_id = any(of_events) and jobs.lease_host is not null
    $$`.execute(db)
}

/** What the running jobs of each host hold, as `used_on` tells it of one, without keeping anybody from taking more. */
async function createHeld(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function held_on_hosts(at_time bigint) returns table (host text, cores bigint, memory bigint, disk bigint)
    language sql stable security definer set search_path = public, pg_temp as $$
      select lease_host, sum(need_cores), sum(need_memory), sum(need_disk) from jobs
      where lease_host is not null and state = 'running' and lease_until >= at_time
      group by lease_host
    $$`.execute(db)
}
