import { sql, type Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'

/**
 * What a service asks of the jobs of others, in PL/pgSQL, which plans its statements once for each connection. PostgreSQL plans those
 * of a function in SQL at each call, and for jobs with needs that took ten times as long as to run them.
 */
export async function up(db: Kysely<unknown>, { name }: DatabaseKind): Promise<void> {
  if (name !== 'PostgreSQL') return
  await replacePastTimes(db)
  await replaceMadeOn(db)
  await replaceHeld(db)
  await replacePreempt(db)
}

async function replacePastTimes(db: Kysely<unknown>): Promise<void> {
  await sql`
    create or replace function past_times(of_services text[], of_images text[])
    returns table (service text, image text, took double precision)
    language plpgsql stable security definer set search_path = public, pg_temp as $$
    #variable_conflict use_column
    begin
      return query select the.service, its.image, (
        select avg(past.finished_at - past.started_at) from (
          select finished_at, started_at from jobs
          where jobs.service = the.service and jobs.image = its.image
            and state = 'done' and jobs.image is not null and key is null
          order by finished_at desc limit 10
        ) as past
      )::double precision
      from unnest(of_services) as the (service) cross join unnest(of_images) as its (image);
    end $$`.execute(db)
}

async function replaceMadeOn(db: Kysely<unknown>): Promise<void> {
  await sql`
    create or replace function made_on(of_events text[]) returns table (event_id text, host text)
    language plpgsql stable security definer set search_path = public, pg_temp as $$
    #variable_conflict use_column
    begin
      return query select outbox.event_id, jobs.lease_host
      from outbox join jobs on jobs.service = outbox.service and jobs.event_id = outbox.envelope::jsonb ->> 'causation'
      where outbox.event_id = any(of_events) and jobs.lease_host is not null;
    end $$`.execute(db)
}

async function replaceHeld(db: Kysely<unknown>): Promise<void> {
  await sql`
    create or replace function held_on_hosts(at_time bigint)
    returns table (host text, cores bigint, memory bigint, disk bigint)
    language plpgsql stable security definer set search_path = public, pg_temp as $$
    #variable_conflict use_column
    begin
      return query select the.host, sum(need_cores), sum(need_memory), sum(need_disk) from (
        select lease_host as host, need_cores, need_memory, need_disk from jobs
        where lease_host is not null and state = 'running' and lease_until >= at_time
        union all
        select room_host, need_cores, need_memory, need_disk from jobs
        where room_host is not null and state = 'queued' and room_until >= at_time
      ) as the group by the.host;
    end $$`.execute(db)
}

async function replacePreempt(db: Kysely<unknown>): Promise<void> {
  await sql`
    create or replace function preemptible_on(of_host text, at_time bigint)
    returns table (id bigint, service text, owner text, cores integer, memory integer, disk integer)
    language plpgsql stable security definer set search_path = public, pg_temp as $$
    #variable_conflict use_column
    begin
      return query select id, service, lease_owner, need_cores, need_memory, need_disk from jobs
      where lease_host = of_host and state = 'running' and lease_until >= at_time
        and preemptible = 1 and preempted < 2 and preempted_by is null
      order by started_at desc;
    end $$`.execute(db)
  await sql`
    create or replace function preempt(of_jobs bigint[], of_host text, by_what text) returns void
    language plpgsql volatile security definer set search_path = public, pg_temp as $$
    begin
      update jobs set preempted = preempted + 1, preempted_by = by_what
      where id = any(of_jobs) and lease_host = of_host and state = 'running' and preemptible = 1 and preempted < 2;
    end $$`.execute(db)
}
