import { Float, isStruct, type Struct, type Value } from '../../../services/builder/engines/koji/rpc/value.ts'
import { parameterError } from './fault.ts'

/** A value as Python prints it: the hub's messages quote what they complain of. */
export function repr(value: Value | undefined): string {
  if (value === null || value === undefined) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number') return String(value)
  if (value instanceof Float) return Number.isInteger(value.value) ? value.value.toFixed(1) : String(value.value)
  if (isStruct(value)) {
    return `{${Object.entries(value)
      .map(([name, one]) => `${quote(name)}: ${repr(one)}`)
      .join(', ')}}`
  }
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(repr).join(', ')}]`
  throw new TypeError('a value of this kind is never quoted')
}

/** What Python calls the type of a value. */
export function typeOf(value: Value | undefined): string {
  if (value === null || value === undefined) return 'NoneType'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'str'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  if (isStruct(value)) return 'dict'
  return Array.isArray(value) ? 'list' : 'float'
}

/** `convert_value(value, cast=…, check_only=True)` of the hub: the type must be exactly this. */
export function check(value: Value | undefined, type: 'str' | 'list' | 'int'): void {
  if (value === null || value === undefined) throw parameterError(`Invalid type, expected type <class '${type}'>`)
  if (typeOf(value) === type) return
  throw parameterError(
    `Invalid type for value '${str(value)}': <class '${typeOf(value)}'>, expected type <class '${type}'>`,
  )
}

/** `convert_value(value, cast=int)`: takes what Python's int() takes. */
export function toInt(value: Value | undefined): number {
  if (typeof value === 'number') return Math.trunc(value)
  if (typeof value === 'string' && /^\s*-?\d+\s*$/.test(value)) return Number(value)
  throw parameterError(
    `Invalid type for value '${str(value)}': <class '${typeOf(value)}'>, expected type <class 'int'>`,
  )
}

/** Python's `str()`. */
export function str(value: Value | undefined): string {
  return typeof value === 'string' ? value : repr(value)
}

/** Whether Python takes a value for true. */
export function truthy(value: Value | undefined): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (isStruct(value)) return Object.keys(value).length > 0
  return Boolean(value)
}

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'"
  const inside = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll(mark, `\\${mark}`)
  return mark + inside + mark
}

/** The parameters of a method: `name` must be given, `name=` need not be. */
export type Signature = readonly string[]

/** Gives the arguments of a call by their names, as Python binds them, or says what Python says (1019). */
export function bind(name: string, signature: Signature, args: readonly Value[], keywords: Struct): Struct {
  const names = signature.map((one) => one.replace('=', ''))
  if (args.length > names.length) throw parameterError(tooMany(name, signature, args.length))
  const bound: Record<string, Value> = Object.fromEntries(args.map((value, index) => [names[index] ?? '', value]))
  for (const [key, value] of Object.entries(keywords)) {
    if (!names.includes(key)) throw parameterError(`${name}() got an unexpected keyword argument '${key}'`)
    if (key in bound) throw parameterError(`${name}() got multiple values for argument '${key}'`)
    bound[key] = value
  }
  const missing = signature.filter((one) => !one.endsWith('=') && !(one in bound))
  if (missing.length > 0) {
    const plural = missing.length === 1 ? '' : 's'
    throw parameterError(
      `${name}() missing ${String(missing.length)} required positional argument${plural}: ${enumerate(missing)}`,
    )
  }
  return bound
}

function tooMany(name: string, signature: Signature, given: number): string {
  // Methods of a class count themselves in.
  const self = name.includes('.') ? 1 : 0
  const most = signature.length + self
  const least = signature.filter((one) => !one.endsWith('=')).length + self
  const takes = least === most ? String(most) : `from ${String(least)} to ${String(most)}`
  return `${name}() takes ${takes} positional argument${most === 1 ? '' : 's'} but ${String(given + self)} were given`
}

function enumerate(names: readonly string[]): string {
  const quoted = names.map((one) => `'${one}'`)
  if (quoted.length < 3) return quoted.join(' and ')
  return `${quoted.slice(0, -1).join(', ')}, and ${quoted.at(-1) ?? ''}`
}
