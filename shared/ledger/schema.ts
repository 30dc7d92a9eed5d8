import { sql, type ColumnType, type Generated } from 'kysely'
import type { JobState } from './ledger.ts'
import type { WaitKind } from './waiting.ts'

/** The tables, as both databases hold them. Times are milliseconds since 1970. */
export interface Tables {
  jobs: JobsTable
  outbox: OutboxTable
  entities: EntitiesTable
  wakes: WakesTable
  /** Drops that a service no longer works on. */
  ended_drops: { service: string; drop_id: string }
  /** Processes that take jobs, and what their hosts have, as JSON. */
  workers: { service: string; owner: string; capacity: string; seen_at: number; slots: number | null }
}

export interface JobsTable {
  id: Generated<number>
  service: string
  event_id: string
  subject: string
  drop_id: string | null
  image: string | null
  key: string | null
  envelope: string
  state: ColumnType<JobState>
  attempts: number
  due_at: number
  /** Stays when the job has ended: who holds a lease is told by the state `running` as well. */
  lease_owner: string | null
  lease_until: number | null
  cancel_requested: number
  error: string | null
  accepted_at: number
  started_at: number | null
  finished_at: number | null
  /** The key of the events that wake it; null when only time does. */
  wait_for: string | null
  wait_reason: string | null
  /** Null where a process of an older version let it wait: then it is `others`. */
  wait_kind: WaitKind | null
  /** Not null once the job has waited; what it waited for last stays with it. */
  wait_since: number | null
  wait_state: string | null
  /** The envelope that woke it; null when time did. */
  woken_by: string | null
  woken_seq: number | null
  /** By key, the last wake that the job was woken by before its present wait. */
  wakes_seen: string | null
  /** Thousandths of a processor, so that sums are exact. */
  need_cores: ColumnType<number, number | undefined>
  need_memory: ColumnType<number, number | undefined>
  need_disk: ColumnType<number, number | undefined>
  need_kvm: ColumnType<number, number | undefined>
  need_root: ColumnType<number, number | undefined>
  need_architecture: string | null
  /** What is smaller goes first: first by priority, then by turn; and of one drop, what has the longer way before it. */
  priority: ColumnType<number, number | undefined>
  turn: ColumnType<number, number | undefined>
  /** Of jobs that share: since when their service has had jobs of the drop queued. Of one turn, older drops go first. */
  drop_since: ColumnType<number, number | undefined>
  /** How long its image is expected to take from here on, at its longest way. */
  path_ms: ColumnType<number, number | undefined>
  /** How long the job itself is expected to take; null when nobody knows. */
  expected_ms: number | null
  /** Whose turn it is: jobs of one priority that have this in common, as those of one release, share what there is alike. */
  share: string | null
  /** The host on which its input was made, when that had room for it; others leave it to that for a moment. */
  near_host: string | null
  /** 1 for one that may be preempted; how often it was; and, from then until it runs again, by what. */
  preemptible: ColumnType<number, number | undefined>
  preempted: ColumnType<number, number | undefined>
  preempted_by: string | null
  /** Until when a host keeps room for it that others had to leave. */
  room_host: string | null
  room_until: number | null
  /** The host that it runs on, or ran on last; null where nobody counts what it has. */
  lease_host: string | null
}

interface OutboxTable {
  seq: Generated<number>
  event_id: string
  subject: string
  drop_id: string | null
  envelope: string
  /** Which service said it; null for an operator's request. */
  service: ColumnType<string | null, string | undefined>
  /** The account that wrote it: PostgreSQL fills it in itself. */
  said_by: Generated<string | null>
  said_at: number
  sent_at: number | null
  lease_owner: string | null
  lease_until: number | null
}

/** Events that wake jobs, kept for those that begin to wait later. */
interface WakesTable {
  seq: Generated<number>
  service: string
  key: string
  event_id: string
  envelope: string
  arrived_at: number
}

interface EntitiesTable {
  service: string
  key: string
  version: number
  state: string
}

/**
 * The condition of the indexes over live jobs, word for word and with nothing to fill in: only then is a prepared
 * statement seen to fit them.
 */
export function isLive(table: string) {
  return sql<boolean>`${sql.ref(`${table}.state`)} in ('queued', 'running')`
}

/** A state as a word of the statement, for the same reason. */
export function inState(table: string, state: JobState) {
  return sql<boolean>`${sql.ref(`${table}.state`)} = ${sql.lit(state)}`
}

/** The condition of the index over queued jobs that were due when they came, whatever the clocks of others say. */
export function isFresh(table: string) {
  return sql<boolean>`(${sql.ref(`${table}.state`)} = 'queued' and ${sql.ref(`${table}.due_at`)} <= ${sql.ref(`${table}.accepted_at`)})`
}

/** That of the index over the others, which are due at their time. */
export function isPutOff(table: string) {
  return sql<boolean>`(${sql.ref(`${table}.state`)} = 'queued' and ${sql.ref(`${table}.due_at`)} > ${sql.ref(`${table}.accepted_at`)})`
}
