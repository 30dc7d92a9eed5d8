import { DatabaseError } from 'pg'

/** The connection ended, or the server did not answer: what was under way may or may not have been committed. */
export class ConnectionLost extends Error {
  override name = 'ConnectionLost'
  readonly code = 'CONNECTION_LOST'
}

/** What the server itself says stays as it is; everything else is the end of the connection. */
export function connectionError(error: unknown): unknown {
  if (error instanceof DatabaseError || error instanceof ConnectionLost) return error
  return new ConnectionLost(reasonOf(error), { cause: error })
}

/** A name with several addresses fails with one error for each, and no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}

/** Whether the connection is of no use after this error. All that does not come from the server means that it ended. */
export function breaksConnection(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return true
  return error.severity === 'FATAL' || /^(08|57P|25006|25P03)/.test(error.code ?? '')
}
