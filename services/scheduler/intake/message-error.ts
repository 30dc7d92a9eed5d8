import { PermanentError, messageOf } from '#service/errors.ts'

/** A message that cannot be taken in: which field, what it holds, and what is wrong with it. */
export class InvalidMessage extends Error {
  override name = 'InvalidMessage'
  readonly code = 'INVALID_MESSAGE'
  readonly field: string
  readonly value: unknown

  constructor(field: string, value: unknown, message: string, options?: ErrorOptions) {
    super(message, options)
    this.field = field
    this.value = value
  }
}

/** A refusal as what is wrong with one field of the message; other errors are thrown on. */
export function asInvalidMessage(error: unknown, message: Readonly<Record<string, unknown>>): InvalidMessage {
  if (error instanceof InvalidMessage) return error
  if (!(error instanceof PermanentError)) throw error
  const field = /^(\w+):/.exec(error.message)?.[1] ?? 'message'
  return new InvalidMessage(field, message[field] ?? null, messageOf(error), { cause: error })
}
