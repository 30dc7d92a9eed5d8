import { sql, type CompiledQuery, type ExpressionBuilder, type Kysely, type RawBuilder, type Selectable } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'
import { compileOnce } from './compile-once.ts'
import type { Job } from '../ledger.ts'
import type { Capacity, Holding } from '../needs.ts'
import { jobColumns, jobOf, type JobRow } from '../rows.ts'
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
  const values = { service, owner, time: now.getTime(), until: until.getTime() }
  if (!capacity) {
    const { rows } = await db.executeQuery(withoutHost(db, kind)({ ...values, limit: wanted }))
    return inOrder(rows)
  }
  // Each job leaves less of the host for the next.
  const due = { ...values, limit: Math.min(wanted, 1), host: capacity.host, fits: fitsIn(capacity, now) }
  return inOrder(await leaseDue(withHost(db, kind, due, now), kind, due).execute())
}

function inOrder(rows: readonly JobRow[]): Job[] {
  return rows.map(jobOf).toSorted((one, other) => one.id - other.id)
}

type Statement = (values: Values) => CompiledQuery<JobRow>
const compiled = new WeakMap<Kysely<Tables>, Statement>()

/** The statement for services that count nothing, whose jobs are short. */
function withoutHost(db: Kysely<Tables>, kind: DatabaseKind): Statement {
  const known = compiled.get(db)
  if (known) return known
  const statement = compileOnce<Values, JobRow>(['service', 'owner', 'time', 'until', 'limit'], (values) =>
    leaseDue(db, kind, { ...values, host: null, fits: null }),
  )
  compiled.set(db, statement)
  return statement
}

function leaseDue(start: Pick<Kysely<Tables>, 'with'>, kind: DatabaseKind, due: Due) {
  const { host, limit } = due
  return start
    .with(
      (cte) => cte('fresh').materialized(),
      (from) => kind.takeRows(freshJobs(from, due), 'job'),
    )
    .with(
      (cte) => cte('put_off').materialized(),
      (from) => kind.takeRows(putOffJobs(from, due), 'job'),
    )
    .with(
      (cte) => cte('abandoned').materialized(),
      (from) => kind.takeRows(abandonedJobs(from, due), 'job'),
    )
    .with(
      (cte) => cte('woken').materialized(),
      (from) => kind.takeRows(wokenJobs(from, due), 'job'),
    )
    .updateTable('jobs')
    .set((set) => ({
      state: 'running',
      lease_owner: due.owner,
      lease_host: host,
      preempted_by: null,
      room_host: null,
      room_until: null,
      lease_until: due.until,
      attempts: set('attempts', '+', 1),
      started_at: due.time,
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
}

type DueRow = Pick<Selectable<JobsTable>, (typeof dueColumns)[number]>
const dueColumns = ['id', 'priority', 'turn', 'drop_since', 'path_ms', 'near_host'] as const

/** What a lease for a host looks at besides: what is used there, and what was made there. */
function withHost(db: Kysely<Tables>, kind: DatabaseKind, due: Due & { readonly host: string }, now: Date) {
  return db
    .with(
      (cte) => cte('used').materialized(),
      () => sql<Holding>`(${kind.usedOn(due.host, now)})`,
    )
    .with(
      (cte) => cte('near').materialized(),
      (from) => kind.takeRows(nearJobs(from, due), 'job'),
    )
}

type From = Pick<Kysely<Tables>, 'selectFrom'>

interface Values extends Readonly<Record<string, string | number>> {
  readonly service: string
  readonly owner: string
  readonly time: number
  readonly until: number
  readonly limit: number
}

interface Due extends Pick<Values, 'service' | 'owner' | 'time' | 'until' | 'limit'> {
  /** Null when nobody counts what it has: then no job is nearer to it than another. */
  readonly host: string | null
  readonly fits: RawBuilder<boolean> | null
}

/** Those that were due when they came, but for those that are left to another host. */
function freshJobs(db: From, due: Due) {
  const { time, host } = due
  const jobs = inFreshOrder(db, due)
  if (host === null) return jobs
  return jobs.where((is) =>
    is.or([
      is('job.near_host', 'is', null),
      is('job.near_host', '=', host),
      is('job.accepted_at', '<=', time - leftToNearHost),
    ]),
  )
}

/** Those of them whose input was made on this host. */
function nearJobs(db: From, due: Due & { readonly host: string }) {
  return inFreshOrder(db, due).where('job.near_host', '=', due.host)
}

function inFreshOrder(db: From, due: Due) {
  return inTurn(jobsOf(db, due), due.time)
    .where(isFresh('job'))
    .orderBy('job.priority')
    .orderBy('job.turn')
    .orderBy('job.drop_since')
    .orderBy('job.path_ms', 'desc')
    .orderBy('job.id')
    .limit(due.limit)
}

/** Those whose time has come. */
function putOffJobs(db: From, due: Due) {
  const { time, limit } = due
  return inTurn(jobsOf(db, due), time)
    .where(isPutOff('job'))
    .where('job.due_at', '<=', time)
    .orderBy('job.due_at')
    .limit(limit)
}

/** Those whose lease has run out. */
function abandonedJobs(db: From, due: Due) {
  const { time, limit } = due
  return inTurn(jobsOf(db, due), time)
    .where(inState('job', 'running'))
    .where('job.lease_until', '<', time)
    .orderBy('job.lease_until')
    .limit(limit)
}

function jobsOf(db: From, { service, fits }: Due) {
  const jobs = db.selectFrom('jobs as job').select(dueColumns).where('job.service', '=', service)
  return fits === null ? jobs : jobs.where(fits)
}

/** Without those that an earlier one with their key holds up. */
function inTurn(jobs: ReturnType<typeof jobsOf>, time: number) {
  return jobs.where((is) =>
    is.or([
      is('job.key', 'is', null),
      is.and([
        is.not(is.exists(withKeyOf(is).whereRef('other.id', '<', 'job.id').where(isLive('other')))),
        is.not(is.exists(wokenBefore(is, time))),
      ]),
    ]),
  )
}

function wokenJobs(db: From, due: Due) {
  const { time, limit } = due
  return jobsOf(db, due)
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
