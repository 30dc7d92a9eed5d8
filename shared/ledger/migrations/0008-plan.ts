import { sql, type Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'

/**
 * How long a job is expected to take, and how long the way is that its image still has to go: of one drop, the longest way goes first.
 * Jobs of older processes expect nothing, and come last in their turn.
 */
export async function up(db: Kysely<unknown>, { name }: DatabaseKind): Promise<void> {
  await db.schema.alterTable('jobs').addColumn('expected_ms', 'bigint').execute()
  for (const column of ['drop_since', 'path_ms']) {
    await db.schema
      .alterTable('jobs')
      .addColumn(column, 'bigint', (is) => is.notNull().defaultTo(0))
      .execute()
  }
  await db.schema.dropIndex('jobs_queued').execute()
  await sql`create index jobs_queued on jobs (service, priority, turn, drop_since, path_ms desc, id)
    where state = 'queued' and due_at <= accepted_at`.execute(db)
  await sql`create index jobs_past on jobs (service, image, finished_at)
    where state = 'done' and image is not null and key is null`.execute(db)
  await addNearness(db)
  await addPreemption(db)
  if (name !== 'PostgreSQL') return
  await createPastTimes(db)
  await createMadeOn(db)
  await createHeld(db)
  await createPreempt(db)
}

/** The host on which the input of a job was made; and how many jobs a worker does at a time: of older processes, nobody knows. */
async function addNearness(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('jobs').addColumn('near_host', 'text').execute()
  await sql`create index jobs_near on jobs (service, near_host, priority, turn, drop_since, path_ms desc, id)
    where state = 'queued' and due_at <= accepted_at and near_host is not null`.execute(db)
  await db.schema.alterTable('workers').addColumn('slots', 'integer').execute()
}

/** Which jobs may be preempted, how often they were, and by what; and for which queued job a host keeps the room that this gave. */
async function addPreemption(db: Kysely<unknown>): Promise<void> {
  for (const column of ['preemptible', 'preempted']) {
    await db.schema
      .alterTable('jobs')
      .addColumn(column, 'integer', (is) => is.notNull().defaultTo(0))
      .execute()
  }
  await db.schema.alterTable('jobs').addColumn('preempted_by', 'text').execute()
  await db.schema.alterTable('jobs').addColumn('room_host', 'text').execute()
  await db.schema.alterTable('jobs').addColumn('room_until', 'bigint').execute()
  await sql`create index jobs_room on jobs (room_host) where state = 'queued' and room_host is not null`.execute(db)
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

/**
 * What the jobs of each host hold: those that run there, and those for which room was made. `used_on` tells it of one host, and keeps
 * others from taking more there until its caller's transaction ends.
 */
async function createHeld(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function held_on_hosts(at_time bigint) returns table (host text, cores bigint, memory bigint, disk bigint)
    language sql stable security definer set search_path = public, pg_temp as $$
      select the.host, sum(need_cores), sum(need_memory), sum(need_disk) from (
        select lease_host as host, need_cores, need_memory, need_disk from jobs
        where lease_host is not null and state = 'running' and lease_until >= at_time
        union all
        select room_host, need_cores, need_memory, need_disk from jobs
        where room_host is not null and state = 'queued' and room_until >= at_time
      ) as the group by the.host
    $$`.execute(db)
  await sql`
    create or replace function used_on(of_host text, at_time bigint, out cores bigint, out memory bigint, out disk bigint)
    language plpgsql volatile security definer set search_path = public, pg_temp as $$
    begin
      perform pg_advisory_xact_lock(hashtextextended('host/' || of_host, 0));
      select coalesce(sum(need_cores), 0), coalesce(sum(need_memory), 0), coalesce(sum(need_disk), 0)
        into cores, memory, disk from (
          select need_cores, need_memory, need_disk from jobs
          where lease_host = of_host and state = 'running' and lease_until >= at_time
          union all
          select need_cores, need_memory, need_disk from jobs
          where room_host = of_host and state = 'queued' and room_until >= at_time
        ) as the;
    end $$`.execute(db)
}

/** A service may have jobs of others end, but only those that may be preempted, and each twice at most. */
async function createPreempt(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function preemptible_on(of_host text, at_time bigint)
    returns table (id bigint, service text, owner text, cores integer, memory integer, disk integer)
    language sql stable security definer set search_path = public, pg_temp as $$
      select id, service, lease_owner, need_cores, need_memory, need_disk from jobs
      where lease_host = of_host and state = 'running' and lease_until >= at_time
        and preemptible = 1 and preempted < 2 and preempted_by is null
      order by started_at desc
    $$`.execute(db)
  await sql`
    create function preempt(of_jobs bigint[], of_host text, by_what text) returns void
    language sql volatile security definer set search_path = public, pg_temp as $$
      update jobs set preempted = preempted + 1, preempted_by = by_what
      where id = any(of_jobs) and lease_host = of_host and state = 'running' and preemptible = 1 and preempted < 2
    $$`.execute(db)
  await sql`revoke execute on function preempt from public`.execute(db)
}
