import { sql, type Kysely } from 'kysely'
import type { Backlog } from '../ledger.ts'
import { inState, type Tables } from '../schema.ts'

type Jobs = Backlog['jobs'][number]

/** What is not over. Jobs that wait are counted by what they wait for, and those whose wait is over as queued. */
export async function readBacklog(db: Kysely<Tables>, now: Date): Promise<Backlog> {
  const open = await db
    .selectFrom('jobs')
    .select((is) => ['service', 'state', is.fn.countAll().as('count'), is.fn.min('accepted_at').as('oldest')])
    .where(sql<boolean>`state not in ('done', 'cancelled')`)
    .where('state', '<>', 'waiting')
    .groupBy(['service', 'state'])
    .execute()
  const waits = await db
    .selectFrom('jobs')
    .select((is) => [
      'service',
      'wait_reason',
      'wait_kind',
      is.fn.countAll().as('count'),
      is.fn.min('wait_since').as('oldest'),
    ])
    .where(inState('jobs', 'waiting'))
    .groupBy(['service', 'wait_reason', 'wait_kind'])
    .execute()
  const due = await db
    .selectFrom('jobs')
    .select((is) => ['service', is.fn.countAll().as('count'), is.fn.min('due_at').as('oldest')])
    .where(inState('jobs', 'waiting'))
    .where('due_at', '<=', now.getTime())
    .groupBy('service')
    .execute()
  const outbox = await db
    .selectFrom('outbox')
    .select((is) => is.fn.countAll().as('count'))
    .where('sent_at', 'is', null)
    .executeTakeFirstOrThrow()
  const waiting = waits.map(({ service, wait_reason: reason, wait_kind: kind, count, oldest }) => ({
    service,
    reason: reason ?? '',
    kind: kind ?? ('others' as const),
    count: Number(count),
    oldest: new Date(oldest ?? 0),
  }))
  return {
    jobs: merged([
      ...open.map((row) => ({ ...row, count: Number(row.count), oldest: new Date(row.oldest) })),
      ...waiting.map(({ service, count, oldest }) => ({ service, state: 'waiting', count, oldest }) as const),
      ...due.flatMap(({ service, count, oldest }): Jobs[] => [
        { service, state: 'waiting', count: -Number(count), oldest: now },
        { service, state: 'queued', count: Number(count), oldest: new Date(oldest) },
      ]),
    ]),
    waits: waiting,
    outbox: Number(outbox.count),
  }
}

/** One row for each service and state. */
function merged(all: readonly Jobs[]): Jobs[] {
  const sums = new Map<string, Jobs>()
  for (const one of all) {
    const key = `${one.service} ${one.state}`
    const other = sums.get(key)
    if (!other) sums.set(key, one)
    else {
      const oldest = one.oldest < other.oldest ? one.oldest : other.oldest
      sums.set(key, { ...one, count: one.count + other.count, oldest })
    }
  }
  return [...sums.values()].filter((one) => one.count > 0)
}
