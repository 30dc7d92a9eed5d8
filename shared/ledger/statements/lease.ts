import { sql, type ExpressionBuilder, type Kysely, type RawBuilder, type Selectable } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'
import type { Job } from '../ledger.ts'
import type { Capacity, Holding } from '../needs.ts'
import { jobColumns, jobOf } from '../rows.ts'
import { fitsIn } from './fits-in.ts'
import { leftToNearHost } from './near.ts'
import { inState, isFresh, isLive, isPutOff, type JobsTable, type Tables } from '../schema.ts'

interface LeaseOptions {
  readonly owner: string
  readonly now: Date
  readonly until: Date
  readonly limit: number
  readonly capacity?: Capacity
  /** An earlier try may have leased jobs although its answer was lost. */
  readonly repeated: boolean
}

/**
 * Hands out due jobs: by priority, turn and age of their drop, then what was made on the host that asks, then what has the longest way before it.
 * A job does not start while an earlier one with its key is to be done. One whose wait is over is earlier than what came meanwhile, but does
 * not start while any with its key is running.
 */
export async function lease(
  db: Kysely<Tables>,
  kind: DatabaseKind,
  service: string,
  { owner, now, until, limit: wanted, capacity, repeated }: LeaseOptions,
): Promise<Job[]> {
  const leased = repeated ? await leasedAt(db, service, { owner, now, until }) : []
  if (leased.length > 0) return leased
  // Each job leaves less of the host for the next.
  const limit = capacity ? Math.min(wanted, 1) : wanted
  const host = capacity?.host ?? null
  const due = { now, limit, host, fits: capacity ? fitsIn(capacity, now) : null }
  const start: Pick<Kysely<Tables>, 'with'> = host === null ? db : withHost(db, kind, service, { ...due, host })
  const rows = await start
    .with(
      (cte) => cte('fresh').materialized(),
      (from) => kind.takeRows(freshJobs(from, service, due), 'job'),
    )
    .with(
      (cte) => cte('put_off').materialized(),
      (from) => kind.takeRows(putOffJobs(from, service, due), 'job'),
    )
    .with(
      (cte) => cte('abandoned').materialized(),
      (from) => kind.takeRows(abandonedJobs(from, service, due), 'job'),
    )
    .with(
      (cte) => cte('woken').materialized(),
      (from) => kind.takeRows(wokenJobs(from, service, due), 'job'),
    )
    .updateTable('jobs')
    .set((set) => ({
      state: 'running',
      lease_owner: owner,
      lease_host: host,
      preempted_by: null,
      room_host: null,
      room_until: null,
      lease_until: until.getTime(),
      attempts: set('attempts', '+', 1),
      started_at: now.getTime(),
    }))
    .where('id', 'in', (is) =>
      is
        .selectFrom(
          is
            .selectFrom('fresh')
            .select(dueColumns)
            .unionAll(is.selectFrom('put_off').select(dueColumns))
            .unionAll(is.selectFrom('abandoned').select(dueColumns))
            .unionAll(is.selectFrom('woken').select(dueColumns))
            .$if(host !== null, (all) =>
              all.unionAll(sql<DueRow>`select ${sql.join(dueColumns.map((one) => sql.ref(one)))} from near`),
            )
            .as('due'),
        )
        .select('due.id')
        .orderBy('due.priority')
        .orderBy('due.turn')
        .orderBy('due.drop_since')
        .orderBy(sql`case when due.near_host = ${host} then 0 else 1 end`)
        .orderBy('due.path_ms', 'desc')
        .orderBy('due.id')
        .limit(limit),
    )
    .returning(jobColumns)
    .execute()
  return rows.map(jobOf).toSorted((one, other) => one.id - other.id)
}

type DueRow = Pick<Selectable<JobsTable>, (typeof dueColumns)[number]>
const dueColumns = ['id', 'priority', 'turn', 'drop_since', 'path_ms', 'near_host'] as const

/** What a lease for a host looks at besides: what is used there, and what was made there. */
function withHost(db: Kysely<Tables>, kind: DatabaseKind, service: string, due: Due & { readonly host: string }) {
  return db
    .with(
      (cte) => cte('used').materialized(),
      () => sql<Holding>`(${kind.usedOn(due.host, due.now)})`,
    )
    .with(
      (cte) => cte('near').materialized(),
      (from) => kind.takeRows(nearJobs(from, service, due), 'job'),
    )
}

type From = Pick<Kysely<Tables>, 'selectFrom'>

interface Due {
  readonly now: Date
  readonly limit: number
  /** Null when nobody counts what it has: then no job is nearer to it than another. */
  readonly host: string | null
  readonly fits: RawBuilder<boolean> | null
}

/** Those that were due when they came, but for those that are left to another host. */
function freshJobs(db: From, service: string, due: Due) {
  const { now, host } = due
  const jobs = inFreshOrder(db, service, due)
  if (host === null) return jobs
  return jobs.where((is) =>
    is.or([
      is('job.near_host', 'is', null),
      is('job.near_host', '=', host),
      is('job.accepted_at', '<=', now.getTime() - leftToNearHost),
    ]),
  )
}

/** Those of them whose input was made on this host. */
function nearJobs(db: From, service: string, due: Due & { readonly host: string }) {
  return inFreshOrder(db, service, due).where('job.near_host', '=', due.host)
}

function inFreshOrder(db: From, service: string, due: Due) {
  return inTurn(jobsOf(db, service, due), due.now)
    .where(isFresh('job'))
    .orderBy('job.priority')
    .orderBy('job.turn')
    .orderBy('job.drop_since')
    .orderBy('job.path_ms', 'desc')
    .orderBy('job.id')
    .limit(due.limit)
}

/** Those whose time has come. */
function putOffJobs(db: From, service: string, due: Due) {
  const { now, limit } = due
  return inTurn(jobsOf(db, service, due), now)
    .where(isPutOff('job'))
    .where('job.due_at', '<=', now.getTime())
    .orderBy('job.due_at')
    .limit(limit)
}

/** Those whose lease has run out. */
function abandonedJobs(db: From, service: string, due: Due) {
  const { now, limit } = due
  return inTurn(jobsOf(db, service, due), now)
    .where(inState('job', 'running'))
    .where('job.lease_until', '<', now.getTime())
    .orderBy('job.lease_until')
    .limit(limit)
}

function jobsOf(db: From, service: string, { fits }: Due) {
  const jobs = db.selectFrom('jobs as job').select(dueColumns).where('job.service', '=', service)
  return fits === null ? jobs : jobs.where(fits)
}

/** Without those that an earlier one with their key holds up. */
function inTurn(jobs: ReturnType<typeof jobsOf>, now: Date) {
  return jobs.where((is) =>
    is.or([
      is('job.key', 'is', null),
      is.and([
        is.not(is.exists(withKeyOf(is).whereRef('other.id', '<', 'job.id').where(isLive('other')))),
        is.not(is.exists(wokenBefore(is, now.getTime()))),
      ]),
    ]),
  )
}

function wokenJobs(db: From, service: string, due: Due) {
  const { now, limit } = due
  const time = now.getTime()
  return jobsOf(db, service, due)
    .where(inState('job', 'waiting'))
    .where('job.due_at', '<=', time)
    .where((is) =>
      is.or([
        is('job.key', 'is', null),
        is.and([
          is.not(
            is.exists(
              withKeyOf(is)
                .where(isLive('other'))
                .where((has) => has.or([has('other.id', '<', has.ref('job.id')), inState('other', 'running')])),
            ),
          ),
          is.not(is.exists(wokenBefore(is, time))),
        ]),
      ]),
    )
    .orderBy('job.due_at')
    .limit(limit)
}

type InJobs = ExpressionBuilder<Tables & { job: JobsTable }, 'job'>

/** The jobs with the key of `job`. */
function withKeyOf(is: InJobs) {
  return is
    .selectFrom('jobs as other')
    .select('other.id')
    .whereRef('other.service', '=', 'job.service')
    .whereRef('other.key', '=', 'job.key')
}

/** Those of them that are earlier, and whose wait is over. */
function wokenBefore(is: InJobs, time: number) {
  return withKeyOf(is)
    .whereRef('other.id', '<', 'job.id')
    .where(inState('other', 'waiting'))
    .where('other.due_at', '<=', time)
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
    .where(inState('jobs', 'running'))
    .where('lease_owner', '=', owner)
    .where('started_at', '=', now.getTime())
    .where('lease_until', '=', until.getTime())
    .orderBy('id')
    .execute()
  return rows.map(jobOf)
}
