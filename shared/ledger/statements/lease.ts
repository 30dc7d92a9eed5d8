import type { Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'
import type { Job } from '../ledger.ts'
import { jobColumns, jobOf } from '../rows.ts'
import { inState, isLive, type Tables } from '../schema.ts'

interface LeaseOptions {
  readonly owner: string
  readonly now: Date
  readonly until: Date
  readonly limit: number
  /** An earlier try may have leased jobs although its answer was lost. */
  readonly repeated: boolean
}

/** Hands out due jobs, oldest first. A job waits while an earlier one with its key is not finished. */
export async function lease(
  db: Kysely<Tables>,
  kind: DatabaseKind,
  service: string,
  { owner, now, until, limit, repeated }: LeaseOptions,
): Promise<Job[]> {
  const leased = repeated ? await leasedAt(db, service, { owner, now, until }) : []
  if (leased.length > 0) return leased
  const rows = await db
    .with(
      (cte) => cte('due').materialized(),
      (from) => kind.takeRows(dueJobs(from, service, { now, limit }), 'job'),
    )
    .updateTable('jobs')
    .set((set) => ({
      state: 'running',
      lease_owner: owner,
      lease_until: until.getTime(),
      attempts: set('attempts', '+', 1),
      started_at: now.getTime(),
    }))
    .where('id', 'in', (is) => is.selectFrom('due').select('due.id'))
    .returning(jobColumns)
    .execute()
  return rows.map(jobOf).toSorted((one, other) => one.id - other.id)
}

function dueJobs(
  db: Pick<Kysely<Tables>, 'selectFrom'>,
  service: string,
  { now, limit }: { now: Date; limit: number },
) {
  const time = now.getTime()
  return db
    .selectFrom('jobs as job')
    .select('job.id')
    .where('job.service', '=', service)
    .where(isLive('job'))
    .where((is) =>
      is.or([
        is.and([inState('job', 'queued'), is('job.due_at', '<=', time)]),
        is.and([inState('job', 'running'), is('job.lease_until', '<', time)]),
      ]),
    )
    .where((is) =>
      is.or([
        is('job.key', 'is', null),
        is.not(
          is.exists(
            is
              .selectFrom('jobs as earlier')
              .select('earlier.id')
              .whereRef('earlier.service', '=', 'job.service')
              .whereRef('earlier.key', '=', 'job.key')
              .whereRef('earlier.id', '<', 'job.id')
              .where(isLive('earlier')),
          ),
        ),
      ]),
    )
    .orderBy('job.id')
    .limit(limit)
}

/** What one call leased: nobody else has its owner and its times. */
async function leasedAt(
  db: Kysely<Tables>,
  service: string,
  { owner, now, until }: { owner: string; now: Date; until: Date },
): Promise<Job[]> {
  const rows = await db
    .selectFrom('jobs')
    .select(jobColumns)
    .where('service', '=', service)
    .where(isLive('jobs'))
    .where(inState('jobs', 'running'))
    .where('lease_owner', '=', owner)
    .where('started_at', '=', now.getTime())
    .where('lease_until', '=', until.getTime())
    .orderBy('id')
    .execute()
  return rows.map(jobOf)
}
