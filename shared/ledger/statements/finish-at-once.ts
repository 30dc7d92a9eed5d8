import { sql, type Kysely } from 'kysely'
import type { Outcome, OutboxRow } from '../ledger.ts'
import type { Tables } from '../schema.ts'
import { sendTime } from './outbox.ts'

/**
 * Ends a job with all that it leaves behind in one statement, for a database whose `with` may write: one round trip, where
 * a transaction takes five. Resolves with its events as they are in the outbox; null when nothing was written.
 *
 * Each part reads what the one before it returned. `mine` waits for whoever is changing the job, and then holds it; an
 * entity of another version gives no row, so nothing after it happens.
 */
export async function finishAtOnce(
  db: Kysely<Tables>,
  job: number,
  owner: string,
  { state, error, whileCancelled = false, events, entity }: Outcome,
  now: Date,
): Promise<OutboxRow[] | null> {
  const isWanted = state === 'cancelled' || whileCancelled ? sql`` : sql`and cancel_requested = 0`
  const changed = entity ? sql`changed as (${changeEntity(entity)}),` : sql``
  const { rows } = await sql<{ service: string; seq: number | null; event_id: string | null }>`
    with mine as (
      select id, service from jobs
      where id = ${job} and lease_owner = ${owner} and state = 'running' ${isWanted}
      for update
    ),
    ${changed}
    ended as (
      update jobs set state = ${state}, error = ${error ?? null}, finished_at = ${now.getTime()},
        lease_until = null
      from ${entity ? sql`mine cross join changed` : sql`mine`}
      where jobs.id = mine.id
      returning jobs.service
    ),
    said as (
      insert into outbox (event_id, subject, drop_id, envelope, said_at, service, lease_owner, lease_until)
      select event.id, event.subject, event.drop_id, event.envelope, ${now.getTime()}::bigint, ended.service,
        ${owner}::text, ${now.getTime() + sendTime}::bigint
      from ended, unnest(
        ${events.map(({ id }) => id)}::text[],
        ${events.map(({ subject }) => subject)}::text[],
        ${events.map(({ drop }) => drop)}::text[],
        ${events.map((event) => JSON.stringify(event))}::text[]
      ) with ordinality as event (id, subject, drop_id, envelope, place)
      order by event.place
      on conflict (event_id) do nothing
      returning seq, event_id
    )
    select ended.service, said.seq, said.event_id from ended left join said on true`.execute(db)
  if (rows.length === 0) return null
  return rows.flatMap(({ service, seq, event_id }) => {
    const envelope = events.find(({ id }) => id === event_id)
    return seq === null || envelope === undefined ? [] : [{ seq, service, envelope }]
  })
}

function changeEntity({ key, version, state }: NonNullable<Outcome['entity']>) {
  const text = JSON.stringify(state)
  if (version === 0) {
    return sql`
      insert into entities (service, key, version, state) select service, ${key}::text, 1, ${text}::text from mine
      on conflict do nothing returning version`
  }
  return sql`
    update entities set version = ${version + 1}::integer, state = ${text} from mine
    where entities.service = mine.service and key = ${key} and version = ${version}::integer
    returning version`
}
