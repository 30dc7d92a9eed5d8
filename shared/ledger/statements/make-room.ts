import { sql, type Kysely } from 'kysely'
import type { DatabaseKind, PreemptibleRow } from '../database-kind.ts'
import { fits, less, type Capacity, type Holding, type Needs, type Worker } from '../needs.ts'
import { needColumns, needsOf } from '../rows.ts'
import { inState, isFresh, isPutOff, type Tables } from '../schema.ts'
import { readRoom } from './room.ts'

/** For so many milliseconds a host keeps the room that was made for a job: as long as tools may take to end, and others to look. */
const roomIsKept = 60_000
/** Of so many jobs that wait, one may be for this host. */
const lookedAt = 20

interface RoomOptions {
  readonly owner: string
  readonly now: Date
  readonly capacity: Capacity
}

/**
 * Makes room on a host for a job of a milestone that no worker has room for, where jobs run that may be preempted. Resolves with how many
 * were told to end.
 */
export async function makeRoom(
  db: Kysely<Tables>,
  kind: DatabaseKind,
  service: string,
  { owner, now, capacity }: RoomOptions,
): Promise<number> {
  // Nobody is to end for what does not fit even then.
  const due = (await findDue(db, service, now)).filter(({ needs }) => fits(needs, capacity))
  if (due.length === 0) return 0
  return await db.transaction().execute(async (transaction) => {
    await kind.holdHost(transaction, capacity.host)
    const workers = await readRoom(transaction, kind, service, now)
    const first = due.find(({ needs }) => !workers.some((worker) => hasRoom(worker, needs)))
    const here = workers.find((worker) => worker.owner === owner)
    if (!first || !here) return 0
    const { rows } = await kind.preemptibleOn(capacity.host, now).execute(transaction)
    const those = choose(first.needs, here, rows)
    if (those.length === 0) return 0
    const { numUpdatedRows } = await transaction
      .updateTable('jobs')
      .set({ room_host: capacity.host, room_until: now.getTime() + roomIsKept })
      .where('id', '=', first.id)
      .where(inState('jobs', 'queued'))
      .where(hasNoRoomYet(now))
      .executeTakeFirst()
    if (numUpdatedRows !== 1n) return 0
    const ids = those.map(({ id }) => id)
    await kind.preempt(ids, capacity.host, first.name).execute(transaction)
    return ids.length
  })
}

/** The next jobs of the first priority that are due, and that no room is kept for yet. */
async function findDue(db: Kysely<Tables>, service: string, now: Date) {
  const jobs = db
    .selectFrom('jobs')
    .select(['id', 'drop_id', 'image', ...needColumns])
    .where('service', '=', service)
    .where('priority', '=', 0)
    .where('drop_id', 'is not', null)
    .where(hasNoRoomYet(now))
    .limit(lookedAt)
  const fresh = jobs
    .where(isFresh('jobs'))
    .orderBy('turn')
    .orderBy('drop_since')
    .orderBy('path_ms', 'desc')
    .orderBy('id')
  const putOff = jobs.where(isPutOff('jobs')).where('due_at', '<=', now.getTime()).orderBy('due_at')
  const rows = [...(await fresh.execute()), ...(await putOff.execute())]
  return rows.map((row) => {
    const name = `${service} of ${[row.image, row.drop_id].filter((one) => one !== null).join(' of ')}`
    return { id: row.id, needs: needsOf(row), name }
  })
}

/** Another worker, here or on another host, may have made room for it since we looked. */
function hasNoRoomYet(now: Date) {
  return sql<boolean>`(room_until is null or room_until < ${now.getTime()})`
}

function hasRoom({ slots, capacity }: Worker, needs: Needs): boolean {
  return (slots === null || slots > 0) && fits(needs, capacity)
}

/** Of jobs, what lost least first: one that is enough, else as many as are enough together; none when all are not. */
function choose(needs: Needs, worker: Worker, jobs: readonly PreemptibleRow[]): PreemptibleRow[] {
  const isEnough = (some: readonly PreemptibleRow[]) => hasRoom(without(worker, some), needs)
  const one = jobs.find((job) => isEnough([job]))
  if (one) return [one]
  // One of the worker's own comes first, where it does as many as it can at a time.
  const isOwn = (job: PreemptibleRow) => job.service === worker.service && job.owner === worker.owner
  const needsSlot = worker.slots !== null && worker.slots <= 0
  const ordered = needsSlot ? jobs.toSorted((job, other) => Number(isOwn(other)) - Number(isOwn(job))) : jobs
  for (let count = 2; count <= ordered.length; count += 1) {
    const some = ordered.slice(0, count)
    if (isEnough(some)) return some
  }
  return []
}

/** What is left of a worker when these jobs have ended. */
function without(worker: Worker, jobs: readonly PreemptibleRow[]): Worker {
  const own = jobs.filter((job) => job.service === worker.service && job.owner === worker.owner)
  const sum = (of: keyof Holding) => jobs.reduce((total, job) => total - job[of], 0)
  return {
    ...worker,
    slots: worker.slots === null ? null : worker.slots + own.length,
    capacity: less(worker.capacity, { cores: sum('cores'), memory: sum('memory'), disk: sum('disk') }),
  }
}
