import { sql, type ExpressionBuilder, type Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'
import type { LeasedJob } from '../ledger.ts'
import type { Capacity, Holding } from '../needs.ts'
import { jobColumns, jobOf } from '../rows.ts'
import { inState, type Tables } from '../schema.ts'
import {
  abandonedJobs,
  dueColumns,
  freshJobs,
  nearJobs,
  putOffJobs,
  wokenJobs,
  type Asked,
  type Due,
  type DueRow,
  type Place,
} from './due-jobs.ts'
import { entityOf } from './entity.ts'
import { fitsIn } from './fits-in.ts'
import { writtenOnce } from './written-once.ts'

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
  { owner, now, until, limit, capacity, repeated }: LeaseOptions,
): Promise<LeasedJob[]> {
  const leased = repeated ? await leasedAt(db, service, { owner, now, until }) : []
  if (leased.length > 0) return leased
  const asked = { service, owner, now: now.getTime(), until: until.getTime() }
  const rows = capacity
    ? // Each job leaves less of the host for the next.
      await takeDue(db, kind, { ...asked, limit: Math.min(limit, 1) }, placeOn(kind, capacity, now)).execute()
    : await takeAnywhere(db, kind, { ...asked, limit })
  return rows.map(leasedOf).toSorted((one, other) => one.id - other.id)
}

function placeOn(kind: DatabaseKind, capacity: Capacity, now: Date): Place {
  const { host } = capacity
  return { host, fits: fitsIn(capacity, now), used: kind.usedOn(host, now) }
}

const takeAnywhere = writtenOnce(['service', 'owner', 'now', 'until', 'limit'], (db, kind, asked: Asked) =>
  takeDue(db, kind, asked, null),
)

function takeDue(db: Kysely<Tables>, kind: DatabaseKind, asked: Asked, place: Place | null) {
  const { owner, now, until, limit } = asked
  const host = place?.host ?? null
  const due = { ...asked, place }
  const start: Pick<Kysely<Tables>, 'with'> = place === null ? db : withHost(db, kind, { ...due, place })
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
      lease_owner: owner,
      lease_host: host,
      preempted_by: null,
      room_host: null,
      room_until: null,
      lease_until: until,
      attempts: set('attempts', '+', 1),
      started_at: now,
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
    .returning(entityColumns)
}

/** What a lease for a host looks at besides: what is used there, and what was made there. */
function withHost(db: Kysely<Tables>, kind: DatabaseKind, due: Due & { readonly place: Place }) {
  return db
    .with(
      (cte) => cte('used').materialized(),
      () => sql<Holding>`(${due.place.used})`,
    )
    .with(
      (cte) => cte('near').materialized(),
      (from) => kind.takeRows(nearJobs(from, due), 'job'),
    )
}

/** What one call leased: nobody else has its owner and its times. */
async function leasedAt(
  db: Kysely<Tables>,
  service: string,
  { owner, now, until }: { owner: string; now: Date; until: Date },
): Promise<LeasedJob[]> {
  const rows = await db
    .selectFrom('jobs')
    .select(jobColumns)
    .select(entityColumns)
    .where('service', '=', service)
    .where(inState('jobs', 'running'))
    .where('lease_owner', '=', owner)
    .where('started_at', '=', now.getTime())
    .where('lease_until', '=', until.getTime())
    .orderBy('id')
    .execute()
  return rows.map(leasedOf)
}

/**
 * What is kept under a job's key. It belongs to the job: none with the same key is to be done before it or runs, and what
 * those before it have kept was written with their ends, so who sees them ended sees it.
 */
function entityColumns(is: ExpressionBuilder<Tables, 'jobs'>) {
  const kept = is
    .selectFrom('entities')
    .whereRef('entities.service', '=', 'jobs.service')
    .whereRef('entities.key', '=', 'jobs.key')
  return ['key', kept.select('state').as('entity_state'), kept.select('version').as('entity_version')] as const
}

type LeasedRow = Parameters<typeof jobOf>[0] & {
  readonly key: string | null
  readonly entity_state: string | null
  readonly entity_version: number | null
}

function leasedOf(row: LeasedRow): LeasedJob {
  const { key, entity_state: state, entity_version: version } = row
  const entity = entityOf(state === null || version === null ? undefined : { state, version })
  return { ...jobOf(row), entity: key === null ? null : { key, ...entity } }
}
