import { sql, type Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'
import type { Delivery } from '../delivery.ts'
import { imageOf } from '../image-of.ts'
import { needsRow } from '../rows.ts'
import type { Tables } from '../schema.ts'
import { endWork } from './end-work.ts'
import { expectTimes } from './expect.ts'
import { findNearHosts } from './near.ts'
import { withTurns } from './turns.ts'
import { recordWakes, type WakingDelivery } from './wakes.ts'

/** Rows in one statement at most: a statement has a bounded number of parameters, and a database of locks. */
const rowsAtOnce = 200

/** What became of deliveries. */
export interface Accepted {
  /** How many are new. */
  readonly fresh: number
  /** Whether there may be a job to run now, or one to end. */
  readonly hasWork: boolean
}

/** Puts deliveries in a service's inbox, each once. */
export async function accept(
  db: Kysely<Tables>,
  kind: DatabaseKind,
  service: string,
  deliveries: readonly Delivery[],
  now: Date,
): Promise<Accepted> {
  const work = deliveries.filter((one) => one.wanted || one.endsWork)
  let fresh = await acceptWork(db, kind, service, work, now)
  let hasWork = work.length > 0
  // Apart from the work: both lock, and who holds locks of the one must not ask for those of the other.
  const waking = deliveries.filter(isWaking)
  for (let first = 0; first < waking.length; first += rowsAtOnce) {
    const { recorded, woken } = await recordWakes(db, kind, service, waking.slice(first, first + rowsAtOnce), now)
    fresh += recorded
    hasWork ||= woken > 0
  }
  return { fresh, hasWork }
}

function isWaking(delivery: Delivery): delivery is WakingDelivery {
  return typeof delivery.wakes === 'string'
}

async function acceptWork(
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
  const expected = await expectTimes(db, kind, deliveries)
  const near = await findNearHosts(db, kind, service, deliveries, now)
  const result = await db
    .insertInto('jobs')
    .values(
      withTurns(service, deliveries, now).map(({ delivery, turn, since }) => {
        const { own = null, path = 0 } = expected.get(delivery) ?? {}
        return {
          ...jobRow(kind, service, delivery, now),
          turn,
          drop_since: since,
          expected_ms: own,
          path_ms: path,
          near_host: near.get(delivery) ?? null,
        }
      }),
    )
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
    ...needsRow(delivery.needs ?? {}),
    priority: delivery.priority ?? 0,
    share: delivery.share ?? null,
    preemptible: delivery.preemptible === true ? 1 : 0,
  } as const
}

function stateOf(kind: DatabaseKind, service: string, { envelope, wanted, endsWork }: Delivery) {
  if (!wanted) return 'done'
  if (endsWork || envelope.drop === null) return 'queued'
  return sql<
    'cancelled' | 'queued'
  >`case when ${kind.hasEnded(service, envelope.drop)} then 'cancelled' else 'queued' end`
}
