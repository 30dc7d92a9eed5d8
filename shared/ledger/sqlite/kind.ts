import { userInfo } from 'node:os'
import { sql } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'

/** One writer at a time: a transaction that writes has the whole database, so there is nothing to lock. */
export const sqlite: DatabaseKind = {
  name: 'SQLite',
  countedUp: sql`integer primary key autoincrement`,
  among: (column, list) => sql`${column} in (select value from json_each(${JSON.stringify(list)}))`,
  takeRows: (query) => query,
  hasEnded: (service, drop) => sql`exists (select 1 from ended_drops where service = ${service} and drop_id = ${drop})`,
  holdEnding: () => Promise.resolve(),
  holdWaits: () => Promise.resolve(),
  holdHost: () => Promise.resolve(),
  preemptibleOn: (host, now) => sql`
    select id, service, lease_owner as owner, need_cores as cores, need_memory as memory, need_disk as disk from jobs
    where lease_host = ${host} and state = 'running' and lease_until >= ${now.getTime()}
      and preemptible = 1 and preempted < 2 and preempted_by is null
    order by started_at desc`,
  preempt: (jobs, host, by) => sql`
    update jobs set preempted = preempted + 1, preempted_by = ${by}
    where id in (select value from json_each(${JSON.stringify(jobs)}))
      and lease_host = ${host} and state = 'running' and preemptible = 1 and preempted < 2`,
  usedOn: (host, now) => sql`
    select coalesce(sum(cores), 0) as cores, coalesce(sum(memory), 0) as memory, coalesce(sum(disk), 0) as disk
    from (${held(now)}) where host = ${host}`,
  heldOnHosts: (now) => sql`
    select host, sum(cores) as cores, sum(memory) as memory, sum(disk) as disk from (${held(now)}) group by host`,
  madeOn: (events) => sql`
    select outbox.event_id, jobs.lease_host as host
    from outbox join jobs on jobs.service = outbox.service and jobs.event_id = outbox.envelope ->> 'causation'
    where outbox.event_id in (select value from json_each(${JSON.stringify(events)})) and jobs.lease_host is not null`,
  pastTimes: (services, images) => sql`
    select the.value as service, its.value as image, (
      select avg(finished_at - started_at) from (
        select finished_at, started_at from jobs
        where service = the.value and image = its.value and state = 'done' and image is not null and key is null
        order by finished_at desc limit 10
      )
    ) as took
    from json_each(${JSON.stringify(services)}) as the cross join json_each(${JSON.stringify(images)}) as its`,
  withMayWrite: false,
  isTableMissing: (error) => error instanceof Error && error.message.startsWith('no such table'),
  account: () => Promise.resolve(localAccount()),
  signature: () => ({ said_by: localAccount() }),
}

/** What each job holds that runs on a host, or that room is kept for. */
function held(now: Date) {
  return sql`
    select lease_host as host, need_cores as cores, need_memory as memory, need_disk as disk
    from jobs where lease_host is not null and state = 'running' and lease_until >= ${now.getTime()}
    union all
    select room_host, need_cores, need_memory, need_disk
    from jobs where room_host is not null and state = 'queued' and room_until >= ${now.getTime()}`
}

/** By the id of our process, which no variable of the environment changes. In a container it may have no name. */
function localAccount(): string {
  try {
    return userInfo().username
  } catch {
    return `uid-${String(process.getuid?.())}`
  }
}
