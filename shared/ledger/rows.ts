import type { Selectable } from 'kysely'
import type { Envelope } from '#events/envelope.ts'
import type { Job, OutboxRow, Waited, Waiting } from './ledger.ts'
import type { Needs } from './needs.ts'
import type { JobsTable } from './schema.ts'

export const needColumns = [
  'need_cores',
  'need_memory',
  'need_disk',
  'need_kvm',
  'need_root',
  'need_architecture',
] as const satisfies (keyof JobsTable)[]

/** By name, never all: a column that a later version adds must not change what a prepared statement returns. */
export const jobColumns = [
  'id',
  'service',
  'envelope',
  'state',
  'attempts',
  'lease_owner',
  'error',
  'drop_id',
  'image',
  'accepted_at',
  'started_at',
  'finished_at',
  'due_at',
  'cancel_requested',
  'wait_for',
  'wait_reason',
  'wait_since',
  'wait_state',
  'woken_by',
  'lease_host',
  'expected_ms',
  ...needColumns,
] as const satisfies (keyof JobsTable)[]

/** A row of `jobs`, as `jobColumns` reads it. */
export type JobRow = Pick<Selectable<JobsTable>, (typeof jobColumns)[number]>

/** A job as the rest of the program knows it. */
export function jobOf(row: JobRow): Job {
  return {
    id: row.id,
    service: row.service,
    // Jobs of the version before have no sender in their text.
    envelope: { sender: null, ...(JSON.parse(row.envelope) as Omit<Envelope, 'sender'>) },
    state: row.state,
    attempts: row.attempts,
    // One that was taken up again still has the owner of before.
    owner: row.state === 'queued' ? null : row.lease_owner,
    host: row.state === 'queued' ? null : row.lease_host,
    needs: needsOf(row),
    expected: row.expected_ms,
    error: row.error,
    drop: row.drop_id,
    image: row.image,
    acceptedAt: new Date(row.accepted_at),
    startedAt: dateOf(row.started_at),
    finishedAt: dateOf(row.finished_at),
    cancelRequested: row.cancel_requested === 1,
    waiting: row.state === 'waiting' ? waitingOf(row) : null,
    waited: row.wait_since === null ? null : waitedOf(row),
  }
}

/** What a job needs, as its row has it. */
export function needsOf(row: Pick<Selectable<JobsTable>, (typeof needColumns)[number]>): Needs {
  return {
    ...(row.need_cores > 0 && { cores: row.need_cores / 1000 }),
    ...(row.need_memory > 0 && { memoryMib: row.need_memory }),
    ...(row.need_disk > 0 && { diskMib: row.need_disk }),
    ...(row.need_kvm > 0 && { kvm: true }),
    ...(row.need_root > 0 && { root: true }),
    ...(row.need_architecture !== null && { architecture: row.need_architecture }),
  }
}

/** The columns of what a job needs. */
export function needsRow({ cores = 0, memoryMib, diskMib, kvm, root, architecture }: Needs) {
  return {
    need_cores: Math.round(cores * 1000),
    need_memory: Math.ceil(memoryMib ?? 0),
    need_disk: Math.ceil(diskMib ?? 0),
    need_kvm: kvm === true ? 1 : 0,
    need_root: root === true ? 1 : 0,
    need_architecture: architecture ?? null,
  }
}

function waitingOf(row: JobRow): Waiting {
  return {
    reason: row.wait_reason ?? '',
    for: row.wait_for,
    since: new Date(row.wait_since ?? 0),
    until: new Date(row.due_at),
  }
}

function waitedOf(row: JobRow): Waited {
  return {
    state: JSON.parse(row.wait_state ?? 'null') as unknown,
    why: row.woken_by === null ? 'time' : { event: JSON.parse(row.woken_by) as Envelope },
    since: new Date(row.wait_since ?? 0),
  }
}

export const outboxColumns = ['seq', 'service', 'said_by', 'envelope'] as const

/** An event of the outbox. Its text is its author's; who asked, only the database says. */
export function outboxRowOf(row: {
  seq: number
  service: string | null
  said_by: string | null
  envelope: string
}): OutboxRow {
  const sender = row.service === null ? row.said_by : null
  return { seq: row.seq, service: row.service, envelope: { ...(JSON.parse(row.envelope) as Envelope), sender } }
}

function dateOf(milliseconds: number | null): Date | null {
  return milliseconds === null ? null : new Date(milliseconds)
}
