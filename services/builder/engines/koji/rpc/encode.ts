import { Float, isStruct, type Struct, type Value } from './value.ts'

/**
 * A call as the `koji` client writes it. Keywords travel as one more parameter, a struct that says so of itself
 * (`__starstar`); a parameter that merely is a struct does not have that member.
 */
export function encodeCall(method: string, args: readonly Value[], keywords?: Struct): string {
  const params = keywords === undefined ? args : [...args, { ...keywords, __starstar: true }]
  return `${header}<methodCall>\n<methodName>${escape(method)}</methodName>\n${paramsOf(params)}</methodCall>\n`
}

/** A reply as the hub writes it. */
export function encodeReply(value: Value): string {
  return `${header}<methodResponse>\n${paramsOf([value])}</methodResponse>\n`
}

/** A fault as the hub writes it. */
export function encodeFault(code: number, text: string): string {
  const fault = encodeValue({ faultCode: code, faultString: text })
  return `${header}<methodResponse>\n<fault>\n${fault}</fault>\n</methodResponse>\n`
}

const header = "<?xml version='1.0'?>\n"

/** Parameters alone: the form in which the hub stores requests and results. */
export function paramsOf(params: readonly Value[]): string {
  return `<params>\n${params.map((value) => `<param>\n${encodeValue(value)}</param>\n`).join('')}</params>\n`
}

function encodeValue(value: Value): string {
  // The hub's own marshaller ends every value with a newline but this one.
  if (value === null) return '<value><nil/></value>'
  return `<value>${inner(value)}</value>\n`
}

function inner(value: Exclude<Value, null>): string {
  if (typeof value === 'string') return `<string>${escape(value)}</string>`
  if (typeof value === 'boolean') return `<boolean>${value ? '1' : '0'}</boolean>`
  if (typeof value === 'number') return number(value)
  if (value instanceof Float) return `<double>${float(value.value)}</double>`
  if (value instanceof Date) return `<dateTime.iso8601>${compactTime(value)}</dateTime.iso8601>`
  if (value instanceof Uint8Array) return `<base64>\n${Buffer.from(value).toString('base64')}\n</base64>`
  if (isStruct(value)) return `<struct>\n${Object.entries(value).map(member).join('')}</struct>`
  return `<array><data>\n${value.map(encodeValue).join('')}</data></array>`
}

function member([name, value]: [string, Value | undefined]): string {
  if (value === undefined) throw new TypeError(`${name} is undefined, which XML-RPC cannot carry`)
  return `<member>\n<name>${escape(name)}</name>\n${encodeValue(value)}</member>\n`
}

function number(value: number): string {
  if (!Number.isInteger(value)) return `<double>${float(value)}</double>`
  if (!Number.isSafeInteger(value)) throw new RangeError(`${String(value)} is no exact integer`)
  const fits = value >= -(2 ** 31) && value < 2 ** 31
  return fits ? `<int>${String(value)}</int>` : `<i8>${String(value)}</i8>`
}

function float(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${String(value)} cannot be sent`)
  return Number.isInteger(value) ? value.toFixed(1) : String(value)
}

function compactTime(time: Date): string {
  return time
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replaceAll('-', '')
}

/** What XML 1.0 cannot hold at all, even escaped; the hub answers it with HTTP 400. */
// eslint-disable-next-line no-control-regex
const unsendable = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/

function escape(text: string): string {
  if (unsendable.test(text) || !text.isWellFormed()) {
    throw new RangeError(`${JSON.stringify(text.slice(0, 80))} has a character that XML cannot hold`)
  }
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
