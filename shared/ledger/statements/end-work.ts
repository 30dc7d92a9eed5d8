import { sql, type Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'
import type { Delivery } from '../delivery.ts'
import type { Tables } from '../schema.ts'

/**
 * Ends a service's work on a drop, once for an event. One statement for the jobs: one that goes from running to queued between two
 * would escape both. What is not running ends here, unless the service cleans up after it: then it is due at once, with all its
 * attempts.
 */
export async function endWork(
  db: Kysely<Tables>,
  kind: DatabaseKind,
  service: string,
  { envelope, abandons = false }: Delivery,
  now: Date,
): Promise<void> {
  if (envelope.drop === null) return
  await kind.holdEnding(db, service, envelope.drop)
  if (await isKnown(db, service, envelope.id)) return
  await db
    .insertInto('ended_drops')
    .values({ service, drop_id: envelope.drop })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const isOver = abandons ? sql`(state = 'queued' and started_at is null)` : sql`state <> 'running'`
  const ifOver = <Value>(value: Value, otherwise: string) =>
    sql<Value>`case when ${isOver} then ${value} else ${sql.ref(otherwise)} end`
  await db
    .updateTable('jobs')
    .set({
      state: ifOver('cancelled', 'state'),
      finished_at: ifOver(now.getTime(), 'finished_at'),
      error: ifOver(`ended by ${envelope.subject}`, 'error'),
      cancel_requested: sql`case when ${isOver} then cancel_requested else 1 end`,
      ...(abandons
        ? {
            due_at: sql`case when state = 'running' then due_at else ${now.getTime()} end`,
            attempts: sql`case when state = 'running' then 1 else 0 end`,
          }
        : {}),
    })
    .where('service', '=', service)
    .where('drop_id', '=', envelope.drop)
    .where('state', 'in', ['queued', 'running', 'waiting'])
    .execute()
}

/** A redelivered ending must not end what a person has taken up again since. */
async function isKnown(db: Kysely<Tables>, service: string, eventId: string): Promise<boolean> {
  const row = await db
    .selectFrom('jobs')
    .select('id')
    .where('service', '=', service)
    .where('event_id', '=', eventId)
    .executeTakeFirst()
  return row !== undefined
}
