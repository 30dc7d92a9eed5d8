import { type ExpressionBuilder, type Kysely, type RawBuilder, type Selectable } from 'kysely'
import type { Holding } from '../needs.ts'
import { inState, isFresh, isLive, isPutOff, type JobsTable, type Tables } from '../schema.ts'
import { leftToNearHost } from './near.ts'

/** What a lease asks for. */
export interface Asked {
  readonly service: string
  readonly owner: string
  readonly now: number
  readonly until: number
  readonly limit: number
}

/** A host that counts what it has. */
export interface Place {
  readonly host: string
  readonly fits: RawBuilder<boolean>
  readonly used: RawBuilder<Holding>
}

/** Which jobs a look is for. */
export interface Due extends Asked {
  /** Null when nobody counts what a host has: then no job is nearer to it than another. */
  readonly place: Place | null
}

/** What jobs are put in order by. */
export type DueRow = Pick<Selectable<JobsTable>, (typeof dueColumns)[number]>
export const dueColumns = ['id', 'priority', 'turn', 'drop_since', 'path_ms', 'near_host'] as const

type From = Pick<Kysely<Tables>, 'selectFrom'>

/** Those that were due when they came, but for those that are left to another host. */
export function freshJobs(db: From, due: Due) {
  const { now, place } = due
  const jobs = inFreshOrder(db, due)
  if (place === null) return jobs
  return jobs.where((is) =>
    is.or([
      is('job.near_host', 'is', null),
      is('job.near_host', '=', place.host),
      is('job.accepted_at', '<=', now - leftToNearHost),
    ]),
  )
}

/** Those of them whose input was made on this host. */
export function nearJobs(db: From, due: Due & { readonly place: Place }) {
  return inFreshOrder(db, due).where('job.near_host', '=', due.place.host)
}

function inFreshOrder(db: From, due: Due) {
  return inTurn(jobsOf(db, due), due.now)
    .where(isFresh('job'))
    .orderBy('job.priority')
    .orderBy('job.turn')
    .orderBy('job.drop_since')
    .orderBy('job.path_ms', 'desc')
    .orderBy('job.id')
    .limit(due.limit)
}

/** Those whose time has come. */
export function putOffJobs(db: From, due: Due) {
  const { now, limit } = due
  return inTurn(jobsOf(db, due), now)
    .where(isPutOff('job'))
    .where('job.due_at', '<=', now)
    .orderBy('job.due_at')
    .limit(limit)
}

/** Those whose lease has run out. */
export function abandonedJobs(db: From, due: Due) {
  const { now, limit } = due
  return inTurn(jobsOf(db, due), now)
    .where(inState('job', 'running'))
    .where('job.lease_until', '<', now)
    .orderBy('job.lease_until')
    .limit(limit)
}

function jobsOf(db: From, { service, place }: Due) {
  const jobs = db.selectFrom('jobs as job').select(dueColumns).where('job.service', '=', service)
  return place === null ? jobs : jobs.where(place.fits)
}

/** Without those that an earlier one with their key holds up. */
function inTurn(jobs: ReturnType<typeof jobsOf>, now: number) {
  return jobs.where((is) =>
    is.or([
      is('job.key', 'is', null),
      is.and([
        is.not(is.exists(withKeyOf(is).whereRef('other.id', '<', 'job.id').where(isLive('other')))),
        is.not(is.exists(wokenBefore(is, now))),
      ]),
    ]),
  )
}

/** Those whose wait is over. */
export function wokenJobs(db: From, due: Due) {
  const { now, limit } = due
  return jobsOf(db, due)
    .where(inState('job', 'waiting'))
    .where('job.due_at', '<=', now)
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
          is.not(is.exists(wokenBefore(is, now))),
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
