import type { Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'
import type { Delivery } from '../delivery.ts'
import { inState, type Tables } from '../schema.ts'

/** So long an event is remembered for jobs that begin to wait later, in milliseconds. */
export const wakesKeptFor = 7 * 24 * 60 * 60 * 1000

/** Old wakes forgotten at a time: more than come in at once, so that they cannot pile up. */
const forgottenAtOnce = 400

/** A delivery that wakes. */
export type WakingDelivery = Delivery & { readonly wakes: string }

/** Records events that wake, each once, and wakes the jobs that wait for them. Resolves with the numbers of both. */
export async function recordWakes(
  db: Kysely<Tables>,
  kind: DatabaseKind,
  service: string,
  deliveries: readonly WakingDelivery[],
  now: Date,
): Promise<{ recorded: number; woken: number }> {
  return await db.transaction().execute(async (transaction) => {
    await forgetOld(transaction, service, now)
    await kind.holdWaits(
      transaction,
      service,
      deliveries.map((one) => one.wakes),
    )
    const recorded = await transaction
      .insertInto('wakes')
      .values(deliveries.map((one) => wakeRow(service, one, now)))
      .onConflict((conflict) => conflict.columns(['service', 'event_id']).doNothing())
      .returning(['seq', 'key', 'envelope'])
      .execute()
    const waitedFor = await keysWaitedFor(transaction, service, deliveries)
    let woken = 0
    for (const wake of recorded.toSorted((one, other) => one.seq - other.seq)) {
      if (waitedFor.has(wake.key)) woken += await wakeJobs(transaction, service, wake, now)
    }
    return { recorded: recorded.length, woken }
  })
}

function wakeRow(service: string, { envelope, wakes }: WakingDelivery, now: Date) {
  return {
    service,
    key: wakes,
    event_id: envelope.id,
    envelope: JSON.stringify(envelope),
    arrived_at: now.getTime(),
  }
}

/** Most events wake nobody, and this one look tells of all of them. */
async function keysWaitedFor(
  db: Kysely<Tables>,
  service: string,
  deliveries: readonly WakingDelivery[],
): Promise<Set<string | null>> {
  const keys = [...new Set(deliveries.map((one) => one.wakes))]
  const rows = await db
    .selectFrom('jobs')
    .select('wait_for')
    .distinct()
    .where('service', '=', service)
    .where(inState('jobs', 'waiting'))
    .where('wait_for', 'in', keys)
    .execute()
  return new Set(rows.map((row) => row.wait_for))
}

/** One event wakes a job; what comes before the job runs again is found when it begins to wait once more. */
async function wakeJobs(
  db: Kysely<Tables>,
  service: string,
  { seq, key, envelope }: { seq: number; key: string; envelope: string },
  now: Date,
): Promise<number> {
  const result = await db
    .updateTable('jobs')
    .set({ due_at: now.getTime(), woken_by: envelope, woken_seq: seq })
    .where('service', '=', service)
    .where(inState('jobs', 'waiting'))
    .where('wait_for', '=', key)
    .where('woken_by', 'is', null)
    .executeTakeFirst()
  return Number(result.numUpdatedRows)
}

async function forgetOld(db: Kysely<Tables>, service: string, now: Date): Promise<void> {
  const old = db
    .selectFrom('wakes')
    .select('seq')
    .where('service', '=', service)
    .where('arrived_at', '<', now.getTime() - wakesKeptFor)
    .orderBy('arrived_at')
    .limit(forgottenAtOnce)
  await db.deleteFrom('wakes').where('seq', 'in', old).execute()
}
