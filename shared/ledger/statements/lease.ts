import type { Kysely } from 'kysely'
import type { Job } from '../ledger.ts'
import { jobOf } from '../rows.ts'
import type { Tables } from '../schema.ts'

interface LeaseOptions {
  readonly owner: string
  readonly now: Date
  readonly until: Date
  readonly limit: number
}

/** Hands out due jobs, oldest first. A job waits while an earlier one with its key is not finished. */
export async function lease(
  db: Kysely<Tables>,
  service: string,
  { owner, now, until, limit }: LeaseOptions,
): Promise<Job[]> {
  const time = now.getTime()
  const due = db
    .selectFrom('jobs as job')
    .select('job.id')
    .where('job.service', '=', service)
    .where('job.state', 'in', ['queued', 'running'])
    .where((is) =>
      is.or([
        is.and([is('job.state', '=', 'queued'), is('job.due_at', '<=', time)]),
        is.and([is('job.state', '=', 'running'), is('job.lease_until', '<', time)]),
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
              .where('earlier.state', 'in', ['queued', 'running']),
          ),
        ),
      ]),
    )
    .orderBy('job.id')
    .limit(limit)
  const rows = await db
    .updateTable('jobs')
    .set((set) => ({
      state: 'running',
      lease_owner: owner,
      lease_until: until.getTime(),
      attempts: set('attempts', '+', 1),
      started_at: time,
    }))
    .where('id', 'in', due)
    .returningAll()
    .execute()
  return rows.map(jobOf).toSorted((one, other) => one.id - other.id)
}
