import { sql, type Kysely } from 'kysely'
import { LeaseLost } from '../ledger.ts'
import { inState, type Tables } from '../schema.ts'

interface PutBackOptions {
  readonly at: Date
  readonly error: string | null
  readonly counts: boolean
  /** An earlier try may have put it back although its answer was lost. */
  readonly repeated: boolean
}

/** Gives a leased job back to be tried again. Resolves with its service; null when an earlier try did it. */
export async function putBack(
  db: Kysely<Tables>,
  job: number,
  owner: string,
  { at, error, counts, repeated }: PutBackOptions,
): Promise<string | null> {
  const row = await db
    .updateTable('jobs')
    .set((set) => ({
      state: 'queued',
      due_at: at.getTime(),
      error,
      lease_owner: null,
      lease_until: null,
      ...(counts ? {} : { attempts: set('attempts', '-', 1) }),
    }))
    .where('id', '=', job)
    .where('lease_owner', '=', owner)
    .where('state', '=', 'running')
    .returning('service')
    .executeTakeFirst()
  if (row) return row.service
  // Either the earlier try did it or the job is somebody else's: it is given up, which is all that was asked.
  if (repeated) return null
  throw new LeaseLost(`the lease on job ${String(job)} is no longer held by ${owner}`)
}

/**
 * Gives back what dead owners hold at once, rather than when their leases run out: jobs, and events to send. Resolves with the
 * number of jobs; null when no dead owner held anything.
 */
export async function reclaim(
  db: Kysely<Tables>,
  isAlive: (owner: string) => boolean,
  now: Date,
): Promise<number | null> {
  const running = db.selectFrom('jobs').where(inState('jobs', 'running'))
  const unsent = db.selectFrom('outbox').where('sent_at', 'is', null)
  const holders = await running.select('lease_owner').union(unsent.select('lease_owner')).execute()
  const dead = holders.map((row) => row.lease_owner).filter((owner) => owner !== null && !isAlive(owner))
  if (dead.length === 0) return null
  const released = { lease_owner: null, lease_until: null }
  await db.updateTable('outbox').set(released).where('sent_at', 'is', null).where('lease_owner', 'in', dead).execute()
  const result = await db
    .updateTable('jobs')
    .set({ state: 'queued', due_at: now.getTime(), ...released })
    .where(inState('jobs', 'running'))
    .where('lease_owner', 'in', dead)
    .executeTakeFirst()
  return Number(result.numUpdatedRows)
}

/**
 * Takes the failed, quarantined and cancelled jobs of a drop up again, and those that were still to be cleaned up after:
 * with all their attempts, and from the beginning.
 */
export async function replay(db: Kysely<Tables>, drop: string, now: Date): Promise<number> {
  return await db.transaction().execute(async (transaction) => {
    await transaction.deleteFrom('ended_drops').where('drop_id', '=', drop).execute()
    const result = await transaction
      .updateTable('jobs')
      .set({ state: 'queued', attempts: 0, due_at: now.getTime(), error: null, finished_at: null, ...neverWaited })
      .where('drop_id', '=', drop)
      .where((is) =>
        is.or([
          is('state', 'in', ['failed', 'quarantined', 'cancelled']),
          is.and([is('state', 'in', ['queued', 'waiting']), is('cancel_requested', '=', 1)]),
        ]),
      )
      .executeTakeFirst()
    await transaction
      .updateTable('jobs')
      .set({ cancel_requested: sql`0` })
      .where('drop_id', '=', drop)
      .execute()
    return Number(result.numUpdatedRows)
  })
}

const neverWaited = {
  wait_for: null,
  wait_reason: null,
  wait_kind: null,
  wait_since: null,
  wait_state: null,
  woken_by: null,
  woken_seq: null,
  wakes_seen: null,
} as const
