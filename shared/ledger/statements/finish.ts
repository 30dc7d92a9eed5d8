import type { Kysely, Transaction } from 'kysely'
import { LeaseLost, type Outcome } from '../ledger.ts'
import type { Tables } from '../schema.ts'
import { insertOutbox } from './outbox.ts'

/** The process that said an event sends it; after so many milliseconds any other may. */
const sendTime = 30_000

/** Ends a job: its state, its entity and its events, or nothing at all. */
export async function finish(
  db: Kysely<Tables>,
  job: number,
  owner: string,
  { state, events, error, entity }: Outcome,
  now: Date,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const ended = await transaction
      .updateTable('jobs')
      .set({ state, error: error ?? null, finished_at: now.getTime(), lease_owner: null, lease_until: null })
      .where('id', '=', job)
      .where('lease_owner', '=', owner)
      .where('state', '=', 'running')
      .returning(['service', 'cancel_requested'])
      .executeTakeFirst()
    if (!ended) throw new LeaseLost(`the lease on job ${String(job)} is no longer held by ${owner}`)
    if (ended.cancel_requested === 1 && state !== 'cancelled') {
      throw new LeaseLost(`job ${String(job)} was cancelled while it ran`)
    }
    if (entity) await writeEntity(transaction, ended.service, entity)
    const sender = { owner, until: new Date(now.getTime() + sendTime) }
    for (const envelope of events) await insertOutbox(transaction, envelope, { now, sender })
  })
}

async function writeEntity(
  db: Transaction<Tables>,
  service: string,
  { key, version, state }: NonNullable<Outcome['entity']>,
): Promise<void> {
  const text = JSON.stringify(state)
  const written =
    version === 0
      ? await db
          .insertInto('entities')
          .values({ service, key, version: 1, state: text })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst()
      : await db
          .updateTable('entities')
          .set({ version: version + 1, state: text })
          .where('service', '=', service)
          .where('key', '=', key)
          .where('version', '=', version)
          .executeTakeFirst()
  const rows = 'numUpdatedRows' in written ? written.numUpdatedRows : (written.numInsertedOrUpdatedRows ?? 0n)
  if (rows !== 1n)
    throw new LeaseLost(`${service} ${key} was changed by another job: version ${String(version)} is old`)
}
