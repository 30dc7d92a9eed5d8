import { PermanentError } from '#service/errors.ts'

/** A compose message that cannot be right, or cannot have a drop: the field that says so, what it holds, and why. */
export class Refused extends PermanentError {
  override name = 'Refused'
  readonly field: string
  readonly value: unknown

  constructor(field: string, value: unknown, message: string, options?: ErrorOptions) {
    super('refused', message, options)
    this.field = field
    this.value = value
  }
}

/** A refusal in the usual words: `branch: expected rawhide or a release number, got "f19"`. */
export function refused(field: string, value: unknown, why: string): Refused {
  const held = typeof value === 'string' ? value.slice(0, 500) : value
  return new Refused(field, value, `${field}: ${why}, got ${JSON.stringify(held)}`)
}
