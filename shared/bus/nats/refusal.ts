import { JetStreamApiError, JetStreamError } from '@nats-io/jetstream'
import { errors } from '@nats-io/transport-node'

/** What is at the server under our names is not what we need. */
export class Mismatch extends Error {
  override name = 'Mismatch'
  readonly code = 'MISMATCH'
}

/** True for what will be the same at the next connection: wrong credentials, a certificate that nobody vouches for. */
export function isRefusedConnection(error: Error): boolean {
  // A server that was too busy to check is none of these.
  if (error instanceof errors.AuthorizationError) return !/timeout/i.test(error.message)
  if (error instanceof errors.InvalidArgumentError) return true
  const code = 'code' in error ? String(error.code) : ''
  return /CERT|SIGNATURE|^ERR_TLS|ENOENT/.test(code) || /does not support 'tls'|doesn't exist/.test(error.message)
}

/**
 * True when we may not ask for events or acknowledge them: nothing answers those requests, so only this tells. Events
 * and progress that we may not publish are a matter of their own.
 */
export function isForbiddenWork(error: Error): boolean {
  if (!(error instanceof errors.PermissionViolationError)) return false
  return error.operation === 'subscription' || /^\$JS\.(ACK|API\.CONSUMER\.MSG)\./.test(error.subject)
}

/** True when no service of ours can work before a person changes something at the server. */
export function isFinal(error: unknown): error is Error {
  return error instanceof Mismatch || isForbidden(error)
}

/** True when the server would not have this one event: sending others may work. */
export function isRefusedEvent(error: unknown): boolean {
  return (
    error instanceof JetStreamApiError ||
    error instanceof JetStreamError ||
    error instanceof errors.InvalidArgumentError ||
    isForbidden(error) ||
    isNobodyThere(error)
  )
}

/** True when no stream takes in the subject. The client's words are that JetStream is not enabled: one of the reasons. */
export function isNobodyThere(error: unknown): boolean {
  return error instanceof Error && error.name === 'JetStreamNotEnabled'
}

/** The message of whatever was thrown, in words that are true. */
export function describe(error: unknown): string {
  if (isNobodyThere(error)) return 'no stream takes in its subject'
  return error instanceof Error ? error.message : String(error)
}

/** Requests wrap what the server says of permissions. */
function isForbidden(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return error instanceof errors.PermissionViolationError || error.cause instanceof errors.PermissionViolationError
}
