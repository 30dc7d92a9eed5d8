import { sql, type Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'
import type { Delivery } from '../delivery.ts'
import { imageOf } from '../image-of.ts'
import { needsRow } from '../rows.ts'
import { isFresh, type Tables } from '../schema.ts'
import { expectTimes } from './expect.ts'
import { findNearHosts } from './near.ts'
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

/**
 * Those who share take turns, drop by drop: the jobs of a drop come together, after the drops of its own share that are queued, but not
 * before what has waited longest of all. So one drop of each is done after the other, however many one of them has, and who comes late
 * makes up for nothing.
 */
function withTurns(service: string, deliveries: readonly Delivery[], now: Date) {
  const drops = new Map<string, Set<string>>()
  return deliveries.map((delivery) => {
    const { priority = 0, share = null, envelope } = delivery
    const { drop } = envelope
    if (share === null || drop === null) return { delivery, turn: 0, since: 0 }
    const those = `${String(priority)} ${share}`
    const together = (drops.get(those) ?? new Set()).add(drop)
    drops.set(those, together)
    const place = [...together].indexOf(drop)
    const queued = sql`from jobs where service = ${service} and priority = ${priority} and ${isFresh('jobs')}`
    const turn = sql<number>`coalesce(
      (select max(turn) from jobs
        where service = ${service} and drop_id = ${drop} and ${isFresh('jobs')} and share is not null),
      (select coalesce(max(turn), 0) from (
        select max(turn) + 1 as turn ${queued} and share = ${share} and share is not null
        union all select min(turn) ${queued}
      ) as known) + ${sql.lit(place)}
    )`
    const since = sql<number>`coalesce(
      (select min(drop_since) from jobs
        where service = ${service} and drop_id = ${drop} and ${isFresh('jobs')} and share is not null),
      ${sql.lit(now.getTime())}
    )`
    return { delivery, turn, since }
  })
}

function stateOf(kind: DatabaseKind, service: string, { envelope, wanted, endsWork }: Delivery) {
  if (!wanted) return 'done'
  if (endsWork || envelope.drop === null) return 'queued'
  return sql<
    'cancelled' | 'queued'
  >`case when ${kind.hasEnded(service, envelope.drop)} then 'cancelled' else 'queued' end`
}

/**
 * One statement for the jobs: one that goes from running to queued between two would escape both. What is not running
 * ends here, unless the service cleans up after it: then it is due at once, with all its attempts.
 */
async function endWork(
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
