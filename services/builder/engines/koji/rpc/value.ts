/** What XML-RPC can carry, with Koji's `nil` and integers of 64 bits. A Date is in UTC and has whole seconds. */
export type Value = null | boolean | number | string | Float | Date | Uint8Array | readonly Value[] | Struct

export interface Struct {
  readonly [name: string]: Value
}

/** A number that goes out as a double though it may be whole: `1.0`. What is read is always a plain number. */
export class Float {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/** Whether a value is a struct, and not one of the objects that stand for something else. */
export function isStruct(value: Value | undefined): value is Struct {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Float) &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array)
  )
}
