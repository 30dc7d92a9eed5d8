import type { DatabaseSync } from 'node:sqlite'
import type { Client } from 'pg'

type Row = Readonly<Record<string, string | number | null>>

/** The database of a ledger, while it is given a past. */
export interface HistoryDatabase {
  /** Runs a statement. Resolves with its rows. */
  ask(text: string): Promise<readonly Row[]>
  /** Makes much of it cheap. */
  begin(): Promise<void>
  /** Drops the indexes of a table, but for what the database cannot be without. Resolves with what makes them again. */
  dropIndexes(table: string): Promise<() => Promise<void>>
  /** Leaves it as it is for a ledger. */
  end(): Promise<void>
}

/** A ledger on PostgreSQL. */
export function postgresHistory(client: Client): HistoryDatabase {
  const ask = async (text: string) => (await client.query<Row>(text)).rows
  return {
    ask,
    async begin() {
      await ask(`set synchronous_commit = off`)
      await ask(`set maintenance_work_mem = '512MB'`)
      await ask(`set default_toast_compression = 'lz4'`)
    },
    async dropIndexes(table) {
      const rows = await ask(`
        select
          case when conname is null then format('drop index %s', indexrelid::regclass)
            else format('alter table ${table} drop constraint %I', conname) end as drop,
          case when conname is null then pg_get_indexdef(indexrelid)
            else format('alter table ${table} add constraint %I %s', conname, pg_get_constraintdef(pg_constraint.oid)) end as make
        from pg_index left join pg_constraint on conindid = indexrelid
        where indrelid = '${table}'::regclass and not indisprimary`)
      return await dropAll(ask, rows)
    },
    async end() {
      await ask('reset synchronous_commit')
      await ask('reset maintenance_work_mem')
      await ask('reset default_toast_compression')
      await ask('vacuum analyze')
      // What is measured does not share the disk with what was made.
      await ask('checkpoint')
    },
  }
}

/** A ledger on SQLite, which nobody else has open. */
export function sqliteHistory(database: DatabaseSync): HistoryDatabase {
  const ask = (text: string) => Promise.resolve(database.prepare(text).all() as Row[])
  return {
    ask,
    async begin() {
      await ask('pragma journal_mode = off')
      await ask('pragma synchronous = off')
      await ask('pragma cache_size = -1000000')
    },
    async dropIndexes(table) {
      // Those of unique columns have no statement of their own.
      const rows = await ask(`
        select 'drop index ' || name as "drop", sql as make from sqlite_master
        where type = 'index' and tbl_name = '${table}' and sql is not null`)
      return await dropAll(ask, rows)
    },
    async end() {
      await ask('pragma synchronous = normal')
      await ask('pragma journal_mode = wal')
    },
  }
}

async function dropAll(ask: HistoryDatabase['ask'], indexes: readonly Row[]): Promise<() => Promise<void>> {
  for (const { drop } of indexes) await ask(String(drop))
  return async () => {
    for (const { make } of indexes) await ask(String(make))
  }
}
