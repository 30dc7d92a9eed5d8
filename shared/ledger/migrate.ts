import { Migrator, sql, type Kysely } from 'kysely'
import type { DatabaseKind } from './database-kind.ts'
import { SchemaOutdated } from './ledger.ts'
import * as tables from './migrations/0001-tables.ts'
import * as outboxLease from './migrations/0002-outbox-lease.ts'
import * as manyWriters from './migrations/0003-many-writers.ts'
import * as waiting from './migrations/0004-waiting.ts'
import * as outboxService from './migrations/0005-outbox-service.ts'
import * as due from './migrations/0006-due.ts'
import * as needs from './migrations/0007-needs.ts'
import * as plan from './migrations/0008-plan.ts'
import * as plannedOnce from './migrations/0009-planned-once.ts'
import * as waitKind from './migrations/0010-wait-kind.ts'
import type { Tables } from './schema.ts'

/** A step forward. Processes of the version before go on working while it runs and after it. */
export interface Migration {
  up(db: Kysely<unknown>, kind: DatabaseKind): Promise<void>
}

/** All steps, in order of their names. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-tables': tables,
  '0002-outbox-lease': outboxLease,
  '0003-many-writers': manyWriters,
  '0004-waiting': waiting,
  '0005-outbox-service': outboxService,
  '0006-due': due,
  '0007-needs': needs,
  '0008-plan': plan,
  '0009-planned-once': plannedOnce,
  '0010-wait-kind': waitKind,
}

/** Brings the tables to this version's shape, and leaves those of a later version alone. Resolves with what it did. */
export async function migrate(db: Kysely<Tables>, kind: DatabaseKind, steps = migrations): Promise<string[]> {
  if ((await missing(db, kind, steps)).length === 0) return []
  const bound = Object.entries(steps).map(([name, step]) => [
    name,
    { up: (transaction: Kysely<unknown>) => step.up(transaction, kind) },
  ])
  const provider = { getMigrations: () => Promise.resolve(Object.fromEntries(bound)) }
  const { error, results } = await new Migrator({ db, provider }).migrateToLatest()
  if (error !== undefined) throw error
  return (results ?? []).map((result) => result.migrationName)
}

/** Throws SchemaOutdated when the tables lack something that this version needs. */
export async function checkSchema(db: Kysely<Tables>, kind: DatabaseKind): Promise<void> {
  const [first, ...more] = await missing(db, kind, migrations)
  if (first === undefined) return
  const others = more.length > 0 ? ` and ${String(more.length)} more` : ''
  throw new SchemaOutdated(`the ledger's tables lack migration ${first}${others}: run \`imagedrop migrate\` once`)
}

async function missing(db: Kysely<Tables>, kind: DatabaseKind, steps: typeof migrations): Promise<string[]> {
  const done = await sql<{ name: string }>`select name from kysely_migration`.execute(db).catch((error: unknown) => {
    if (kind.isTableMissing(error)) return { rows: [] }
    throw error
  })
  const names = new Set(done.rows.map((row) => row.name))
  return Object.keys(steps).filter((name) => !names.has(name))
}
