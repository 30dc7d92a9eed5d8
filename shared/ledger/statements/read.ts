import { sql, type Kysely } from 'kysely'
import type { Backlog, Entity, Job, JobSelector, OutboxRow } from '../ledger.ts'
import { jobColumns, jobOf, outboxColumns, outboxRowOf } from '../rows.ts'
import { isLive, type Tables } from '../schema.ts'

export async function readEntity(db: Kysely<Tables>, service: string, key: string): Promise<Entity> {
  const row = await db
    .selectFrom('entities')
    .select(['state', 'version'])
    .where('service', '=', service)
    .where('key', '=', key)
    .executeTakeFirst()
  return row ? { state: JSON.parse(row.state) as unknown, version: row.version } : { state: undefined, version: 0 }
}

export async function readJobs(db: Kysely<Tables>, { drop, service, eventId, states }: JobSelector): Promise<Job[]> {
  let query = db.selectFrom('jobs').select(jobColumns).orderBy('id')
  if (drop !== undefined) query = query.where('drop_id', '=', drop)
  if (service !== undefined) query = query.where('service', '=', service)
  if (eventId !== undefined) query = query.where('event_id', '=', eventId)
  if (states !== undefined) query = query.where('state', 'in', states)
  return (await query.execute()).map(jobOf)
}

interface EventSelector {
  readonly drop?: string
  readonly subject?: string
  readonly after?: number
  readonly limit?: number
}

export async function readEvents(
  db: Kysely<Tables>,
  { drop, subject, after = 0, limit = 1_000 }: EventSelector,
): Promise<OutboxRow[]> {
  let query = db.selectFrom('outbox').select(outboxColumns).where('seq', '>', after).orderBy('seq').limit(limit)
  if (drop !== undefined) query = query.where('drop_id', '=', drop)
  if (subject !== undefined) query = query.where('subject', '=', subject)
  return (await query.execute()).map(outboxRowOf)
}

/** When the dispatcher has to look again although nobody rang. */
export async function readNextDue(db: Kysely<Tables>, service: string): Promise<Date | null> {
  const row = await db
    .selectFrom('jobs')
    .select(sql<number | null>`min(case when state = 'queued' then due_at else lease_until end)`.as('at'))
    .where('service', '=', service)
    .where(isLive('jobs'))
    .executeTakeFirst()
  return row === undefined || row.at === null ? null : new Date(row.at)
}

export async function readBacklog(db: Kysely<Tables>): Promise<Backlog> {
  const jobs = await db
    .selectFrom('jobs')
    .select((is) => ['service', 'state', is.fn.countAll().as('count'), is.fn.min('accepted_at').as('oldest')])
    .where(sql<boolean>`state not in ('done', 'cancelled')`)
    .groupBy(['service', 'state'])
    .execute()
  const outbox = await db
    .selectFrom('outbox')
    .select((is) => is.fn.countAll().as('count'))
    .where('sent_at', 'is', null)
    .executeTakeFirstOrThrow()
  return {
    jobs: jobs.map((row) => ({ ...row, count: Number(row.count), oldest: new Date(row.oldest) })),
    outbox: Number(outbox.count),
  }
}
