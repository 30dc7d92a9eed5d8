import { sql, type Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'
import type { Held } from '../ledger.ts'
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
    .returning(['id', 'cancel_requested'])
    .execute()
  const found = new Map<number, Held>(rows.map((row) => [row.id, row.cancel_requested === 1 ? 'cancelled' : 'held']))
  return new Map(jobs.map((job) => [job, found.get(job) ?? 'lost']))
}
