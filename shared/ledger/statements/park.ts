import type { Kysely, Selectable } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'
import { LeaseLost, type Wait } from '../ledger.ts'
import type { JobsTable, Tables } from '../schema.ts'
import { writeEntity } from './entity.ts'
import { insertOutbox } from './outbox.ts'

/** Of how many keys a job remembers by which event it was woken last. */
const keysRemembered = 100

interface ParkOptions {
  readonly now: Date
  /** An earlier try may have parked the job although its answer was lost. */
  readonly repeated: boolean
}

/** Lets a job wait; an event that it waits for and that is there already wakes it at once. Resolves with its service. */
export async function park(
  db: Kysely<Tables>,
  kind: DatabaseKind,
  job: number,
  owner: string,
  wait: Wait,
  { now, repeated }: ParkOptions,
): Promise<string> {
  return await db.transaction().execute(async (transaction) => {
    const before = await readRow(transaction, job)
    if (before?.state !== 'running' || before.lease_owner !== owner) {
      // Either the earlier try did it or the job is somebody else's, who will do it again.
      if (before && repeated) return before.service
      throw lost(job, owner)
    }
    const seen = wakesSeenBy(before)
    // From here to the commit no event with this key comes in unseen.
    if (wait.for !== null) await kind.holdWaits(transaction, before.service, [wait.for])
    const early = wait.for === null ? undefined : await oldestWake(transaction, before.service, wait.for, seen)
    const { numUpdatedRows } = await transaction
      .updateTable('jobs')
      .set({
        state: 'waiting',
        due_at: (early ? now : wait.until).getTime(),
        attempts: 0,
        error: null,
        lease_owner: null,
        lease_until: null,
        wait_for: wait.for,
        wait_reason: wait.reason,
        wait_kind: wait.kind ?? 'others',
        wait_since: goesOn(before, wait) ? before.wait_since : now.getTime(),
        wait_state: JSON.stringify(wait.state ?? null),
        woken_by: early?.envelope ?? null,
        woken_seq: early?.seq ?? null,
        wakes_seen: seen.size === 0 ? null : JSON.stringify(Object.fromEntries(seen)),
      })
      .where('id', '=', job)
      .where('lease_owner', '=', owner)
      .where('state', '=', 'running')
      .where('cancel_requested', '=', 0)
      .executeTakeFirst()
    if (numUpdatedRows !== 1n) throw lost(job, owner)
    if (wait.entity) await writeEntity(transaction, before.service, wait.entity)
    if (wait.events.length > 0)
      await insertOutbox(transaction, kind, wait.events, { now, by: { service: before.service, owner } })
    return before.service
  })
}

const columns = [
  'service',
  'state',
  'lease_owner',
  'wait_for',
  'wait_reason',
  'wait_since',
  'woken_seq',
  'wakes_seen',
] as const satisfies (keyof JobsTable)[]

type Row = Pick<Selectable<JobsTable>, (typeof columns)[number]>

async function readRow(db: Kysely<Tables>, job: number): Promise<Row | undefined> {
  return await db.selectFrom('jobs').select(columns).where('id', '=', job).executeTakeFirst()
}

function lost(job: number, owner: string): LeaseLost {
  return new LeaseLost(`job ${String(job)} was cancelled, or its lease is no longer held by ${owner}`)
}

/** A job that looks and waits on for the same has waited since it began. */
function goesOn(before: Row, wait: Wait): boolean {
  return before.wait_since !== null && before.wait_for === wait.for && before.wait_reason === wait.reason
}

/** By key, the last wake that this job was woken by: each wakes it once. */
function wakesSeenBy({ wait_for, woken_seq, wakes_seen }: Row): Map<string, number> {
  const seen = new Map(Object.entries(JSON.parse(wakes_seen ?? '{}') as Record<string, number>))
  if (wait_for !== null && woken_seq !== null) seen.set(wait_for, woken_seq)
  return new Map([...seen].toSorted(([, one], [, other]) => other - one).slice(0, keysRemembered))
}

async function oldestWake(
  db: Kysely<Tables>,
  service: string,
  key: string,
  seen: ReadonlyMap<string, number>,
): Promise<{ seq: number; envelope: string } | undefined> {
  return await db
    .selectFrom('wakes')
    .select(['seq', 'envelope'])
    .where('service', '=', service)
    .where('key', '=', key)
    .where('seq', '>', seen.get(key) ?? 0)
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst()
}
