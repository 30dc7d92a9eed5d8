import { sql, type Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'
import type { Delivery } from '../ledger.ts'
import { isLive, type Tables } from '../schema.ts'

/** Rows in one statement at most: a statement has a bounded number of parameters, and a database of locks. */
const rowsAtOnce = 200

/** Puts deliveries in a service's inbox, each once. Resolves with the number of jobs that are new. */
export async function accept(
  db: Kysely<Tables>,
  kind: DatabaseKind,
  service: string,
  deliveries: readonly Delivery[],
  now: Date,
): Promise<number> {
  if (deliveries.length === 0) return 0
  const parts = splitAtEndings(deliveries)
  if (parts.length === 1 && parts[0]?.[0]?.endsWork === false) return await insertJobs(db, kind, service, parts[0], now)
  return await db.transaction().execute(async (transaction) => {
    let accepted = 0
    for (const part of parts) {
      const [first] = part
      if (first?.endsWork === true) await endWork(transaction, kind, service, first, now)
      accepted += await insertJobs(transaction, kind, service, part, now)
    }
    return accepted
  })
}

/** In order, an ending by itself: it ends the work of the deliveries before it, not its own. */
function splitAtEndings(deliveries: readonly Delivery[]): Delivery[][] {
  const parts: Delivery[][] = []
  for (const delivery of deliveries) {
    const last = parts.at(-1)
    if (last && !delivery.endsWork && last[0]?.endsWork === false && last.length < rowsAtOnce) last.push(delivery)
    else parts.push([delivery])
  }
  return parts
}

async function insertJobs(
  db: Kysely<Tables>,
  kind: DatabaseKind,
  service: string,
  deliveries: readonly Delivery[],
  now: Date,
): Promise<number> {
  const result = await db
    .insertInto('jobs')
    .values(deliveries.map((delivery) => jobRow(kind, service, delivery, now)))
    .onConflict((conflict) => conflict.columns(['service', 'event_id']).doNothing())
    .executeTakeFirst()
  return Number(result.numInsertedOrUpdatedRows ?? 0)
}

function jobRow(kind: DatabaseKind, service: string, delivery: Delivery, now: Date) {
  const { envelope, key } = delivery
  return {
    service,
    event_id: envelope.id,
    subject: envelope.subject,
    drop_id: envelope.drop,
    image: imageOf(envelope.body),
    key,
    envelope: JSON.stringify(envelope),
    state: stateOf(kind, service, delivery),
    attempts: 0,
    due_at: now.getTime(),
    cancel_requested: 0,
    accepted_at: now.getTime(),
  } as const
}

function stateOf(kind: DatabaseKind, service: string, { envelope, wanted, endsWork }: Delivery) {
  if (!wanted) return 'done'
  if (endsWork || envelope.drop === null) return 'queued'
  return sql<
    'cancelled' | 'queued'
  >`case when ${kind.hasEnded(service, envelope.drop)} then 'cancelled' else 'queued' end`
}

/** One statement for the jobs: one that goes from running to queued between two would escape both. */
async function endWork(
  db: Kysely<Tables>,
  kind: DatabaseKind,
  service: string,
  { envelope }: Delivery,
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
  const ifQueued = <Value>(value: Value, otherwise: string) =>
    sql<Value>`case when state = 'queued' then ${value} else ${sql.ref(otherwise)} end`
  await db
    .updateTable('jobs')
    .set({
      state: ifQueued('cancelled', 'state'),
      finished_at: ifQueued(now.getTime(), 'finished_at'),
      error: ifQueued(`ended by ${envelope.subject}`, 'error'),
      cancel_requested: sql`case when state = 'queued' then cancel_requested else 1 end`,
    })
    .where('service', '=', service)
    .where('drop_id', '=', envelope.drop)
    .where(isLive('jobs'))
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

function imageOf(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('image' in body)) return null
  const { image } = body
  if (typeof image !== 'object' || image === null || !('flavour' in image && 'architecture' in image)) return null
  return `${String(image.flavour)}.${String(image.architecture)}`
}
