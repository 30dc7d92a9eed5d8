import type { FailureClass } from '#events/vocabulary.ts'

/** What failed may work if tried again: the job is retried with backoff, up to the bound of its service. */
export class TransientError extends Error {
  override name = 'TransientError'
  readonly code = 'TRANSIENT'
}

/** Somebody stopped the work. Nothing is wrong; the job says so and ends. */
export class Cancelled extends Error {
  override name = 'Cancelled'
  readonly code = 'CANCELLED'
}

/** The process stops: the job goes back as it was. */
export class Stopping extends Error {
  override name = 'Stopping'
  readonly code = 'STOPPING'
}

/** A job of a milestone takes the place of this one, which begins again when there is room: it did not fail. */
export class Preempted extends Error {
  override name = 'Preempted'
  readonly code = 'PREEMPTED'
}

/**
 * Trying again cannot help before a person changes something: the job goes to quarantine with this class and
 * reason, from where `imagedrop retry` takes it up again.
 */
export class PermanentError extends Error {
  override name = 'PermanentError'
  readonly code = 'PERMANENT'
  readonly failureClass: FailureClass

  constructor(failureClass: FailureClass, message: string, options?: ErrorOptions) {
    super(message, options)
    this.failureClass = failureClass
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
