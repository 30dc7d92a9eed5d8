import { sql, type Kysely, type Transaction } from 'kysely'
import type { Delivery } from '../ledger.ts'
import type { Tables } from '../schema.ts'

/** Puts deliveries in a service's inbox, each once. Resolves with the number of jobs that are new. */
export async function accept(
  db: Kysely<Tables>,
  service: string,
  deliveries: readonly Delivery[],
  now: Date,
): Promise<number> {
  return await db.transaction().execute(async (transaction) => {
    let accepted = 0
    // In order: an event that ends work ends that of the deliveries before it, not its own.
    for (const delivery of deliveries) {
      if (delivery.endsWork) await endWork(transaction, service, delivery, now)
      accepted += await insertJob(transaction, service, delivery, now)
    }
    return accepted
  })
}

async function insertJob(
  db: Transaction<Tables>,
  service: string,
  { envelope, key, wanted, endsWork }: Delivery,
  now: Date,
): Promise<number> {
  const ended = !endsWork && (await isEnded(db, service, envelope.drop))
  const state = wanted ? (ended ? 'cancelled' : 'queued') : 'done'
  const result = await db
    .insertInto('jobs')
    .values({
      service,
      event_id: envelope.id,
      subject: envelope.subject,
      drop_id: envelope.drop,
      image: imageOf(envelope.body),
      key,
      envelope: JSON.stringify(envelope),
      state,
      attempts: 0,
      due_at: now.getTime(),
      cancel_requested: 0,
      accepted_at: now.getTime(),
    })
    .onConflict((conflict) => conflict.columns(['service', 'event_id']).doNothing())
    .executeTakeFirst()
  return Number(result.numInsertedOrUpdatedRows ?? 0)
}

async function isEnded(db: Transaction<Tables>, service: string, drop: string | null): Promise<boolean> {
  if (drop === null) return false
  const row = await db
    .selectFrom('ended_drops')
    .select('drop_id')
    .where('service', '=', service)
    .where('drop_id', '=', drop)
    .executeTakeFirst()
  return row !== undefined
}

async function endWork(db: Transaction<Tables>, service: string, { envelope }: Delivery, now: Date): Promise<void> {
  if (envelope.drop === null || (await isKnown(db, service, envelope.id))) return
  await db
    .insertInto('ended_drops')
    .values({ service, drop_id: envelope.drop })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const live = db.updateTable('jobs').where('service', '=', service).where('drop_id', '=', envelope.drop)
  await live
    .set({ state: 'cancelled', finished_at: now.getTime(), error: `ended by ${envelope.subject}` })
    .where('state', '=', 'queued')
    .execute()
  await live
    .set({ cancel_requested: sql`1` })
    .where('state', '=', 'running')
    .execute()
}

/** A redelivered ending must not end what a person has taken up again since. */
async function isKnown(db: Transaction<Tables>, service: string, eventId: string): Promise<boolean> {
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
