import type { Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'
import { LeaseLost, type Outcome, type OutboxRow } from '../ledger.ts'
import type { Tables } from '../schema.ts'
import { writeEntity } from './entity.ts'
import { finishAtOnce } from './finish-at-once.ts'
import { insertOutbox } from './outbox.ts'

interface FinishOptions {
  readonly now: Date
  /** An earlier try may have ended the job although its answer was lost. */
  readonly repeated: boolean
}

/**
 * Ends a job: its state, its entity and its events, or nothing at all. Resolves with its events as they are in the outbox; null
 * when they are to be looked up there.
 */
export async function finish(
  db: Kysely<Tables>,
  kind: DatabaseKind,
  job: number,
  owner: string,
  outcome: Outcome,
  { now, repeated }: FinishOptions,
): Promise<OutboxRow[] | null> {
  try {
    // One statement needs no transaction around it.
    if (outcome.events.length === 0 && !outcome.entity) {
      await endJob(db, job, owner, outcome, now)
      return []
    }
    if (kind.withMayWrite) {
      const said = await finishAtOnce(db, job, owner, outcome, now)
      if (said === null) throw lost(job, owner, outcome.entity?.key)
      return said
    }
    await db.transaction().execute((transaction) => endWithAll(transaction, kind, job, owner, outcome, now))
    return null
  } catch (error) {
    if (repeated && error instanceof LeaseLost && (await hasEnded(db, job, outcome, now))) return null
    throw error
  }
}

async function endWithAll(
  db: Kysely<Tables>,
  kind: DatabaseKind,
  job: number,
  owner: string,
  outcome: Outcome,
  now: Date,
): Promise<void> {
  const service = await endJob(db, job, owner, outcome, now)
  if (outcome.entity) await writeEntity(db, service, outcome.entity)
  if (outcome.events.length > 0) await insertOutbox(db, kind, outcome.events, { now, by: { service, owner } })
}

async function endJob(
  db: Kysely<Tables>,
  job: number,
  owner: string,
  { state, error, whileCancelled = false }: Outcome,
  now: Date,
): Promise<string> {
  const ended = await db
    .updateTable('jobs')
    .set({ state, error: error ?? null, finished_at: now.getTime(), lease_until: null })
    .where('id', '=', job)
    .where('lease_owner', '=', owner)
    .where('state', '=', 'running')
    .$if(state !== 'cancelled' && !whileCancelled, (query) => query.where('cancel_requested', '=', 0))
    .returning('service')
    .executeTakeFirst()
  if (!ended) throw lost(job, owner)
  return ended.service
}

function lost(job: number, owner: string, key?: string): LeaseLost {
  const orChanged = key === undefined ? '' : `, or another job has changed ${key}`
  return new LeaseLost(`job ${String(job)} was cancelled, or its lease is no longer held by ${owner}${orChanged}`)
}

/** Only we end this job in this way at this millisecond. */
async function hasEnded(db: Kysely<Tables>, job: number, { state }: Outcome, now: Date): Promise<boolean> {
  const row = await db
    .selectFrom('jobs')
    .select('id')
    .where('id', '=', job)
    .where('state', '=', state)
    .where('finished_at', '=', now.getTime())
    .executeTakeFirst()
  return row !== undefined
}
