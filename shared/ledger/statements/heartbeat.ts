import { sql, type Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'
import type { Held } from '../held.ts'
import type { Tables } from '../schema.ts'

/** Prolongs the leases that are still ours and tells what became of each job. */
export async function heartbeat(
  db: Kysely<Tables>,
  kind: DatabaseKind,
  jobs: readonly number[],
  owner: string,
  until: Date,
): Promise<Map<number, Held>> {
  const rows = await db
    .updateTable('jobs')
    .set({ lease_until: until.getTime() })
    .where(kind.among(sql.ref('id'), jobs))
    .where('lease_owner', '=', owner)
    .where('state', '=', 'running')
    .returning(['id', 'cancel_requested', 'preempted_by'])
    .execute()
  const found = new Map(rows.map((row): [number, Held] => [row.id, heldOf(row)]))
  return new Map(jobs.map((job) => [job, found.get(job) ?? 'lost']))
}

function heldOf({ cancel_requested, preempted_by }: { cancel_requested: number; preempted_by: string | null }): Held {
  if (cancel_requested === 1) return 'cancelled'
  return preempted_by === null ? 'held' : { preemptedBy: preempted_by }
}
