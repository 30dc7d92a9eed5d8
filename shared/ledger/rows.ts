import type { Selectable } from 'kysely'
import type { Envelope } from '#events/envelope.ts'
import type { Job, OutboxRow } from './ledger.ts'
import type { JobsTable } from './schema.ts'

/** By name, never all: a column that a later version adds must not change what a prepared statement returns. */
export const jobColumns = [
  'id',
  'service',
  'envelope',
  'state',
  'attempts',
  'error',
  'drop_id',
  'image',
  'accepted_at',
  'started_at',
  'finished_at',
] as const satisfies (keyof JobsTable)[]

/** A job as the rest of the program knows it. */
export function jobOf(row: Pick<Selectable<JobsTable>, (typeof jobColumns)[number]>): Job {
  return {
    id: row.id,
    service: row.service,
    // Jobs of the version before have no sender in their text.
    envelope: { sender: null, ...(JSON.parse(row.envelope) as Omit<Envelope, 'sender'>) },
    state: row.state,
    attempts: row.attempts,
    error: row.error,
    drop: row.drop_id,
    image: row.image,
    acceptedAt: new Date(row.accepted_at),
    startedAt: dateOf(row.started_at),
    finishedAt: dateOf(row.finished_at),
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
