import type { Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'
import { less, type Holding, type Worker } from '../needs.ts'
import { inState, type Tables } from '../schema.ts'
import { readWorkers } from './workers.ts'

const nothing: Holding = { cores: 0, memory: 0, disk: 0 }

/** The workers of a service with what is left of their hosts, and of the jobs that they do at a time. */
export async function readRoom(db: Kysely<Tables>, kind: DatabaseKind, service: string, now: Date): Promise<Worker[]> {
  const workers = (await readWorkers(db, now)).filter((worker) => worker.service === service)
  if (workers.length === 0) return []
  const held = await kind.heldOnHosts(now).execute(db)
  const byHost = new Map(held.rows.map(({ host, ...rest }) => [host, rest]))
  const running = await db
    .selectFrom('jobs')
    .select((is) => ['lease_owner', is.fn.countAll().as('count')])
    .where('service', '=', service)
    .where(inState('jobs', 'running'))
    .where('lease_until', '>=', now.getTime())
    .groupBy('lease_owner')
    .execute()
  const byOwner = new Map(running.map(({ lease_owner, count }) => [lease_owner, Number(count)]))
  return workers.map((worker) => ({
    ...worker,
    slots: worker.slots === null ? null : worker.slots - (byOwner.get(worker.owner) ?? 0),
    capacity: less(worker.capacity, byHost.get(worker.capacity.host) ?? nothing),
  }))
}
