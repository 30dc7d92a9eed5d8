import type { Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'
import type { Delivery } from '../delivery.ts'
import { fits } from '../needs.ts'
import type { Tables } from '../schema.ts'
import { readRoom } from './room.ts'

/** For so many milliseconds a job is left to the host on which its input was made. */
export const leftToNearHost = 5_000

/**
 * For jobs that need something of their host: where their input was made, when a worker there has room for them now. One that is full or
 * gone is not waited for.
 */
export async function findNearHosts(
  db: Kysely<Tables>,
  kind: DatabaseKind,
  service: string,
  deliveries: readonly Delivery[],
  now: Date,
): Promise<Map<Delivery, string>> {
  const asking = deliveries.filter(({ needs, wanted, envelope }) => wanted && needs && envelope.causation !== null)
  if (asking.length === 0) return new Map()
  const { rows } = await kind.madeOn(asking.map(({ envelope }) => envelope.id)).execute(db)
  if (rows.length === 0) return new Map()
  const hosts = new Map(rows.map(({ event_id, host }) => [event_id, host]))
  const room = await readRoom(db, kind, service, now)
  const found = asking.flatMap((delivery): [Delivery, string][] => {
    const { envelope, needs = {} } = delivery
    const host = hosts.get(envelope.id)
    const isFree = room.some(
      ({ slots, capacity }) => capacity.host === host && (slots === null || slots > 0) && fits(needs, capacity),
    )
    return host !== undefined && isFree ? [[delivery, host]] : []
  })
  return new Map(found)
}
