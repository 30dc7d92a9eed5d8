import type { Kysely } from 'kysely'
import type { Capacity, Taken, Worker } from '../needs.ts'
import type { Tables } from '../schema.ts'

/** A worker that has said nothing for so many milliseconds is taken for gone. */
export const workersLast = 90_000

interface Presence {
  readonly owner: string
  readonly capacity: Capacity
  readonly now: Date
}

/** Records that a process takes jobs of services, and forgets those of them that are long gone. */
export async function recordWorker(
  db: Kysely<Tables>,
  services: readonly Taken[],
  { owner, capacity, now }: Presence,
): Promise<void> {
  if (services.length === 0) return
  const said = { capacity: JSON.stringify(capacity), seen_at: now.getTime() }
  await db
    .insertInto('workers')
    .values(services.map(({ service, slots }) => ({ service, owner, slots, ...said })))
    .onConflict((conflict) =>
      conflict.columns(['service', 'owner']).doUpdateSet((set) => ({ ...said, slots: set.ref('excluded.slots') })),
    )
    .execute()
  await db
    .deleteFrom('workers')
    .where(
      'service',
      'in',
      services.map(({ service }) => service),
    )
    .where('seen_at', '<', now.getTime() - 10 * workersLast)
    .execute()
}

export async function forgetWorker(db: Kysely<Tables>, owner: string): Promise<void> {
  await db.deleteFrom('workers').where('owner', '=', owner).execute()
}

export async function readWorkers(db: Kysely<Tables>, now: Date): Promise<Worker[]> {
  const rows = await db
    .selectFrom('workers')
    .select(['service', 'owner', 'capacity', 'slots'])
    .where('seen_at', '>=', now.getTime() - workersLast)
    .orderBy('service')
    .orderBy('owner')
    .execute()
  return rows.map((row) => ({ ...row, capacity: JSON.parse(row.capacity) as Capacity }))
}
