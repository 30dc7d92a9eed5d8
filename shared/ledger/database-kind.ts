import type { Expression, Kysely, RawBuilder, SelectQueryBuilder, SqlBool } from 'kysely'
import type { Holding } from './needs.ts'
import type { Tables } from './schema.ts'

/** A job that may be preempted, of whatever service, and what it holds. */
export interface PreemptibleRow extends Holding {
  readonly id: number
  readonly service: string
  readonly owner: string
}

/** Everything in which the two databases differ; statements and migrations are otherwise the same for both. */
export interface DatabaseKind {
  readonly name: 'SQLite' | 'PostgreSQL'
  /** The type of a primary key that the database counts up itself. */
  readonly countedUp: RawBuilder<unknown>
  /** The condition that a number is in a list. The list is one parameter, so its length makes no new statement. */
  among(column: Expression<number>, list: readonly number[]): RawBuilder<SqlBool>
  /** Takes the rows of `table` for this transaction, and passes over those that another one has. */
  takeRows<From, Table extends keyof From & string, Row>(
    query: SelectQueryBuilder<From, Table, Row>,
    table: Table,
  ): SelectQueryBuilder<From, Table, Row>
  /** Whether a service has let a drop go, also when that is committed only while we ask. */
  hasEnded(service: string, drop: string): RawBuilder<SqlBool>
  /** Until the transaction ends, nobody else looks whether the service has let the drop go. */
  holdEnding(db: Kysely<Tables>, service: string, drop: string): Promise<void>
  /** Until the transaction ends, nobody else lets a job of the service wait for one of these keys, or wakes one. */
  holdWaits(db: Kysely<Tables>, service: string, keys: readonly string[]): Promise<void>
  /** Until the transaction ends, nobody else takes a job for the host. */
  holdHost(db: Kysely<Tables>, host: string): Promise<void>
  /** The jobs that run on a host and may be preempted, what began last first. */
  preemptibleOn(host: string, now: Date): RawBuilder<PreemptibleRow>
  /** Tells jobs of a host to end, as far as they may be preempted. */
  preempt(jobs: readonly number[], host: string, by: string): RawBuilder<unknown>
  /**
   * What the jobs hold that run on a host, or that room is kept for, as one row `cores, memory, disk`. Until our statement is committed, nobody else
   * takes a job for that host.
   */
  usedOn(host: string, now: Date): RawBuilder<Holding>
  /** The same of every host on which jobs run, without keeping anybody from anything. */
  heldOnHosts(now: Date): RawBuilder<Holding & { readonly host: string }>
  /** On which hosts the jobs ran that said these events, as far as they ran on one. */
  madeOn(events: readonly string[]): RawBuilder<{ event_id: string; host: string }>
  /**
   * How many milliseconds the last few jobs of services on images took at the mean, one row for each service and image; null where there
   * were none.
   */
  pastTimes(
    services: readonly string[],
    images: readonly string[],
  ): RawBuilder<{ service: string; image: string; took: number | null }>
  /** Whether a statement may change several tables: `with … as (update …)`. */
  readonly withMayWrite: boolean
  isTableMissing(error: unknown): boolean
  /** The account that this process writes with. */
  account(db: Kysely<Tables>): Promise<string>
  /** What a row of the outbox says of its author, where the database does not fill that in. */
  signature(): { readonly said_by?: string }
}
