import type { Kysely } from 'kysely'
import type { Envelope } from '#events/envelope.ts'
import type { OutboxRow } from '../ledger.ts'
import { outboxRowOf } from '../rows.ts'
import type { Tables } from '../schema.ts'

/** Who sends an event, and until when nobody else does. */
export interface Sender {
  readonly owner: string
  readonly until: Date
}

interface TakeOptions extends Sender {
  readonly now: Date
  readonly limit: number
  readonly except?: readonly number[]
}

/** Puts an event in the outbox; one that is there already stays as it is. */
export async function insertOutbox(
  db: Kysely<Tables>,
  envelope: Envelope,
  { now, sender }: { now: Date; sender?: Sender },
): Promise<void> {
  await db
    .insertInto('outbox')
    .values({
      event_id: envelope.id,
      subject: envelope.subject,
      drop_id: envelope.drop,
      envelope: JSON.stringify(envelope),
      said_at: now.getTime(),
      lease_owner: sender?.owner ?? null,
      lease_until: sender?.until.getTime() ?? null,
    })
    .onConflict((conflict) => conflict.column('event_id').doNothing())
    .execute()
}

/** Hands out events to send, each to one sender. Those of our own jobs are ours already: no second write for them. */
export async function takeUnsent(
  db: Kysely<Tables>,
  { owner, now, until, limit, except = [] }: TakeOptions,
): Promise<OutboxRow[]> {
  const free = db
    .selectFrom('outbox')
    .select(['seq', 'envelope', 'lease_owner'])
    .where('sent_at', 'is', null)
    .where((is) =>
      is.or([is('lease_owner', 'is', null), is('lease_owner', '=', owner), is('lease_until', '<', now.getTime())]),
    )
    .$if(except.length > 0, (query) => query.where('seq', 'not in', except))
    .orderBy('seq')
    .limit(limit)
  const found = await free.execute()
  const others = found.filter((row) => row.lease_owner !== owner).map((row) => row.seq)
  if (others.length === 0) return found.map(outboxRowOf)
  const taken = await db
    .updateTable('outbox')
    .set({ lease_owner: owner, lease_until: until.getTime() })
    .where('seq', 'in', others)
    .where('sent_at', 'is', null)
    .where((is) => is.or([is('lease_owner', 'is', null), is('lease_until', '<', now.getTime())]))
    .returning('seq')
    .execute()
  const mine = new Set(taken.map((row) => row.seq))
  return found.filter((row) => row.lease_owner === owner || mine.has(row.seq)).map(outboxRowOf)
}

export async function markSent(db: Kysely<Tables>, seqs: readonly number[], now: Date): Promise<void> {
  await db
    .updateTable('outbox')
    .set({ sent_at: now.getTime(), lease_owner: null, lease_until: null })
    .where('seq', 'in', seqs)
    .execute()
}
