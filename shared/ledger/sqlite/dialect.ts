import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely'

/** Kysely over Node's own SQLite: one connection, one transaction at a time. */
export function createSqliteDialect(database: DatabaseSync): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => createDriver(database),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

function createDriver(database: DatabaseSync): Driver {
  const connection = createConnection(database)
  let free = Promise.resolve()
  let release: () => void = () => {}
  return {
    init: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
    // The statements are synchronous, but a transaction is several: others wait their turn.
    async acquireConnection() {
      const turn = free
      const { promise, resolve } = Promise.withResolvers<void>()
      free = promise
      await turn
      release = resolve
      return connection
    },
    releaseConnection() {
      release()
      return Promise.resolve()
    },
    // IMMEDIATE: a transaction that begins as a reader cannot become a writer once another process has written.
    beginTransaction: () => execute(connection, 'begin immediate'),
    commitTransaction: () => execute(connection, 'commit'),
    async rollbackTransaction() {
      // On a full disk SQLite has rolled back by itself, and to do it again would be an error that hides that one.
      if (database.isTransaction) await execute(connection, 'rollback')
    },
  }
}

async function execute(connection: DatabaseConnection, statement: string): Promise<void> {
  await connection.executeQuery(CompiledQuery.raw(statement))
}

function createConnection(database: DatabaseSync): DatabaseConnection {
  const prepared = new Map<string, StatementSync>()
  const prepare = (text: string) => {
    const known = prepared.get(text)
    if (known) return known
    const statement = database.prepare(text)
    // Lists of ids make statements of many lengths; keep the number of compiled ones bounded.
    if (prepared.size >= 256) prepared.clear()
    prepared.set(text, statement)
    return statement
  }
  return {
    executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
      const statement = prepare(query.sql)
      const parameters = query.parameters as readonly SQLInputValue[]
      if (statement.columns().length > 0) {
        return Promise.resolve({ rows: statement.all(...parameters) as Row[] })
      }
      const { changes, lastInsertRowid } = statement.run(...parameters)
      return Promise.resolve({
        rows: [],
        numAffectedRows: BigInt(changes),
        insertId: BigInt(lastInsertRowid),
      })
    },
    // eslint-disable-next-line require-yield
    async *streamQuery() {
      throw new Error('the ledger does not stream')
    },
  }
}
