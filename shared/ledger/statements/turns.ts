import { sql } from 'kysely'
import type { Delivery } from '../delivery.ts'
import { isFresh } from '../schema.ts'

/**
 * Those who share take turns, drop by drop: the jobs of a drop come together, after the drops of its own share that are queued, but not
 * before what has waited longest of all. So one drop of each is done after the other, however many one of them has, and who comes late
 * makes up for nothing.
 */
export function withTurns(service: string, deliveries: readonly Delivery[], now: Date) {
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
