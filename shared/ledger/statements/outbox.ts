import { sql, type Kysely } from 'kysely'
import type { Envelope } from '#events/envelope.ts'
import type { DatabaseKind } from '../database-kind.ts'
import type { OutboxRow } from '../ledger.ts'
import { outboxColumns, outboxRowOf } from '../rows.ts'
import type { Tables } from '../schema.ts'

/** The process that said an event sends it; after so many milliseconds any other may. */
export const sendTime = 30_000

interface TakeOptions {
  readonly owner: string
  readonly services: readonly string[]
  readonly subjects: readonly string[]
  readonly until: Date
  readonly now: Date
  readonly limit: number
  readonly except?: readonly number[]
}

/** Puts events in the outbox; one that is there already stays as it is. */
export async function insertOutbox(
  db: Kysely<Tables>,
  kind: DatabaseKind,
  envelopes: readonly Envelope[],
  { now, by }: { now: Date; by?: { readonly service: string; readonly owner: string } },
): Promise<void> {
  const rows = envelopes.map((envelope) => ({
    event_id: envelope.id,
    subject: envelope.subject,
    drop_id: envelope.drop,
    envelope: JSON.stringify(envelope),
    said_at: now.getTime(),
    // An operator may not even name the column.
    ...(by && { service: by.service }),
    ...kind.signature(),
    lease_owner: by?.owner ?? null,
    lease_until: by === undefined ? null : now.getTime() + sendTime,
  }))
  await db
    .insertInto('outbox')
    .values(rows)
    .onConflict((conflict) => conflict.column('event_id').doNothing())
    .execute()
}

/** Puts an operator's request in the outbox. Throws when the database takes our account for a service's. */
export async function insertRequest(
  db: Kysely<Tables>,
  kind: DatabaseKind,
  envelope: Envelope,
  now: Date,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await insertOutbox(transaction, kind, [envelope], { now })
    const row = await transaction
      .selectFrom('outbox')
      .select('service')
      .where('event_id', '=', envelope.id)
      .executeTakeFirst()
    if (row === undefined || row.service === null) return
    const account = await kind.account(transaction)
    throw new Error(`${account} is the account of the ${row.service}, which asks for nothing: take an operator's`)
  })
}

/** Hands out events to send, each to one sender. Those of our own jobs are ours already: no second write for them. */
export async function takeUnsent(
  db: Kysely<Tables>,
  kind: DatabaseKind,
  { owner, services, subjects, now, until, limit, except = [] }: TakeOptions,
): Promise<OutboxRow[]> {
  const time = now.getTime()
  const found = await db
    .selectFrom('outbox')
    .select([...outboxColumns, 'lease_owner', 'lease_until'])
    .where('sent_at', 'is', null)
    .where((is) => is.or([is('lease_owner', 'is', null), is('lease_owner', '=', owner), is('lease_until', '<', time)]))
    .where((is) =>
      is.or([
        is('service', 'in', services),
        // A list of nothing is no statement.
        ...(subjects.length > 0 ? [is.and([is('service', 'is', null), is('subject', 'in', subjects)])] : []),
      ]),
    )
    .$if(except.length > 0, (query) => query.where((is) => is.not(kind.among(sql.ref('seq'), except))))
    .orderBy('seq')
    .limit(limit)
    .execute()
  const isOurs = (row: (typeof found)[number]) => row.lease_owner === owner && (row.lease_until ?? 0) >= time
  const others = found.filter((row) => !isOurs(row)).map((row) => row.seq)
  if (others.length === 0) return found.map(outboxRowOf)
  const taken = await db
    .updateTable('outbox')
    .set({ lease_owner: owner, lease_until: until.getTime() })
    .where(kind.among(sql.ref('seq'), others))
    .where('sent_at', 'is', null)
    .where((is) => is.or([is('lease_owner', 'is', null), is('lease_owner', '=', owner), is('lease_until', '<', time)]))
    .returning('seq')
    .execute()
  const mine = new Set(taken.map((row) => row.seq))
  return found.filter((row) => isOurs(row) || mine.has(row.seq)).map(outboxRowOf)
}

export async function markSent(
  db: Kysely<Tables>,
  kind: DatabaseKind,
  seqs: readonly number[],
  now: Date,
): Promise<void> {
  await db
    .updateTable('outbox')
    .set({ sent_at: now.getTime(), lease_owner: null, lease_until: null })
    .where(kind.among(sql.ref('seq'), seqs))
    .execute()
}
