import { DatabaseError } from 'pg'

/** The connection ended, or the server did not answer: what was under way may or may not have been committed. */
export class ConnectionLost extends Error {
  override name = 'ConnectionLost'
  readonly code = 'CONNECTION_LOST'
}

/** What the server itself says stays as it is; everything else is the end of the connection. */
export function connectionError(error: unknown): unknown {
  if (error instanceof DatabaseError || error instanceof ConnectionLost) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new ConnectionLost(`the connection to PostgreSQL was lost: ${reason}`, { cause: error })
}

/**
 * SQLSTATEs that pass by themselves: connection exceptions (08), lack of resources (53), the server stops, starts
 * or crashed (57P01-57P03), a deadlock or a serialization failure (40), a lock or statement that took too long, and
 * a primary that became a standby (25006).
 */
const passing = /^(08...|53...|57P0[123]|40001|40P01|55P03|57014|25006|25P03)$/

/** Whether the same call may succeed a little later without anybody's doing. */
export function isPassing(error: unknown): boolean {
  if (error instanceof ConnectionLost) return true
  return error instanceof DatabaseError && passing.test(error.code ?? '')
}

/** Whether the connection is of no use after this error. All that does not come from the server means that it ended. */
export function breaksConnection(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return true
  return error.severity === 'FATAL' || /^(08|57P|25006|25P03)/.test(error.code ?? '')
}
