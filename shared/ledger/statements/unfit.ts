import type { Kysely } from 'kysely'
import { whyNobody, type Unfit } from '../needs.ts'
import { needColumns, needsOf } from '../rows.ts'
import { inState, type Tables } from '../schema.ts'
import { readWorkers } from './workers.ts'

/** Queued jobs by what they need, held against those who could take them; one row for each service and reason. */
export async function readUnfit(db: Kysely<Tables>, now: Date): Promise<Unfit[]> {
  const workers = await readWorkers(db, now)
  if (workers.length === 0) return []
  const rows = await db
    .selectFrom('jobs')
    .select(['service', ...needColumns])
    .select((is) => [is.fn.countAll().as('count'), is.fn.min('accepted_at').as('oldest')])
    .where('service', 'in', [...new Set(workers.map(({ service }) => service))])
    .where(inState('jobs', 'queued'))
    .groupBy(['service', ...needColumns])
    .execute()
  const sums = new Map<string, Unfit>()
  for (const { service, count, oldest, ...row } of rows) {
    const those = workers.filter((worker) => worker.service === service)
    const reason = whyNobody(needsOf(row), those)
    if (reason === null) continue
    const key = `${service} ${reason}`
    const sum = sums.get(key)
    const first = sum ? Math.min(sum.oldest.getTime(), oldest) : oldest
    sums.set(key, { service, reason, count: (sum?.count ?? 0) + Number(count), oldest: new Date(first) })
  }
  return [...sums.values()]
}
