import {
  CompiledQuery,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely'
import type { Pool, PoolClient } from 'pg'
import { breaksConnection, connectionError } from './errors.ts'

/** Statements kept prepared on each connection; those beyond are sent as text. */
const preparedAtMost = 200

/** Kysely over a pool of connections, with prepared statements, where a broken connection is never used again. */
export function createPostgresDialect(pool: Pool): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => createDriver(pool),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
}

function createDriver(pool: Pool): Driver {
  const open = new WeakMap<DatabaseConnection, () => void>()
  const nameOf = createNames()
  const execute = async (connection: DatabaseConnection, statement: string) => {
    await connection.executeQuery(CompiledQuery.raw(statement))
  }
  return {
    init: () => Promise.resolve(),
    async acquireConnection() {
      const client = await pool.connect().catch((error: unknown) => {
        throw connectionError(error)
      })
      const { connection, release } = createConnection(client, nameOf)
      open.set(connection, release)
      return connection
    },
    releaseConnection(connection) {
      open.get(connection)?.()
      return Promise.resolve()
    },
    beginTransaction: (connection) => execute(connection, 'begin'),
    commitTransaction: (connection) => execute(connection, 'commit'),
    // On a connection that is lost there is nothing to roll back, and why it was lost is the error that counts.
    rollbackTransaction: (connection) => execute(connection, 'rollback').catch(() => {}),
    destroy: () => Promise.resolve(),
  }
}

function createConnection(client: PoolClient, nameOf: (text: string) => string | undefined) {
  let broken: unknown = null
  const connection: DatabaseConnection = {
    async executeQuery<Row>({ sql: text, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
      if (broken !== null) throw connectionError(broken)
      const name = nameOf(text)
      const query = { text, values: [...parameters], ...(name === undefined ? {} : { name }) }
      const { rows, rowCount } = await client.query<Row & object>(query).catch((error: unknown) => {
        if (breaksConnection(error) || text === 'rollback') broken = error
        throw connectionError(error)
      })
      return { rows, ...(rowCount === null ? {} : { numAffectedRows: BigInt(rowCount) }) }
    },
    // eslint-disable-next-line require-yield
    async *streamQuery() {
      throw new Error('the ledger does not stream')
    },
  }
  const release = () => {
    client.release(broken !== null)
  }
  return { connection, release }
}

/** A name for each text, as long as they are few: lists of many lengths make texts without end. */
function createNames(): (text: string) => string | undefined {
  const names = new Map<string, string>()
  return (text) => {
    const known = names.get(text)
    if (known !== undefined || names.size >= preparedAtMost || text.length < 20) return known
    const name = `imagedrop-${String(names.size)}`
    names.set(text, name)
    return name
  }
}
