import type { Kysely } from 'kysely'
import type { Job, JobSelector, OutboxRow } from '../ledger.ts'
import { jobColumns, jobOf, outboxColumns, outboxRowOf } from '../rows.ts'
import { inState, isPutOff, type Tables } from '../schema.ts'

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

/**
 * When the dispatcher has to look again although nobody rang. What had been due when it looked was not for it: another has
 * it, or it waits for one of its key.
 */
export async function readNextDue(db: Kysely<Tables>, service: string, looked: Date): Promise<Date | null> {
  const jobs = db.selectFrom('jobs').where('service', '=', service)
  const putOff = jobs.where(isPutOff('jobs')).where('due_at', '>', looked.getTime())
  const running = jobs.where(inState('jobs', 'running')).where('lease_until', '>=', looked.getTime())
  const waiting = jobs.where(inState('jobs', 'waiting')).where('due_at', '>', looked.getTime())
  const rows = await putOff
    .select((is) => is.fn.min<number | null>('due_at').as('at'))
    .unionAll(running.select((is) => is.fn.min<number | null>('lease_until').as('at')))
    .unionAll(waiting.select((is) => is.fn.min<number | null>('due_at').as('at')))
    .execute()
  const times = rows.map((row) => row.at).filter((at) => at !== null)
  return times.length === 0 ? null : new Date(Math.min(...times))
}
