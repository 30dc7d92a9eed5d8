import { SaxesParser } from 'saxes'
import type { Value } from './value.ts'

/** An XML-RPC message. */
export type Message =
  | { readonly kind: 'call'; readonly method: string; readonly params: readonly Value[] }
  | { readonly kind: 'reply'; readonly value: Value }
  | { readonly kind: 'fault'; readonly code: number; readonly text: string }

/** What came is no XML-RPC, or not what was promised. */
export class BadReply extends Error {
  override name = 'BadReply'
  readonly code = 'KOJI_BAD_REPLY'
}

/** Elements within each other: deeper than anything that Koji nests. A reply that goes on for ever in depth ends here. */
const deepest = 256

/** Reads a message strictly: what is cut off, not well-formed, or of an unknown type is a BadReply. */
export function decodeMessage(text: string): Message {
  const reader = new Reader()
  const parser = new SaxesParser({ fragment: false })
  parser.on('error', (error) => {
    throw new BadReply(`not well-formed XML: ${error.message}`)
  })
  parser.on('doctype', () => {
    throw new BadReply('a document type, which XML-RPC does not have')
  })
  parser.on('opentag', ({ name }) => {
    reader.open(name.replace(/^ex:/, ''))
  })
  parser.on('closetag', ({ name }) => {
    reader.close(name.replace(/^ex:/, ''))
  })
  parser.on('text', (part) => {
    reader.text += part
  })
  parser.on('cdata', (part) => {
    reader.text += part
  })
  parser.write(text).close()
  return reader.message()
}

/** A value that is being read: the values that it holds, and the names of a struct's members. */
interface Frame {
  readonly tag: string
  readonly values: Value[]
  readonly names: string[]
}

class Reader {
  text = ''
  readonly #frames: Frame[] = []
  #root = ''
  #method = ''
  #fault = false
  #params: Value[] = []

  open(tag: string): void {
    if (this.#frames.length > deepest) throw new BadReply(`elements nested deeper than ${String(deepest)}`)
    if (this.#frames.length === 0) this.#root = tag
    if (tag === 'fault') this.#fault = true
    this.#frames.push({ tag, values: [], names: [] })
    this.text = ''
  }

  close(tag: string): void {
    const frame = this.#frames.pop()
    const parent = this.#frames.at(-1)
    if (!frame) throw new BadReply(`</${tag}> closes nothing`)
    const text = this.text
    this.text = ''
    switch (tag) {
      case 'value':
        // A value without a type is a string.
        parent?.values.push(frame.values.length === 0 ? text : one(frame))
        break
      case 'param':
        this.#params.push(one(frame))
        break
      case 'methodName':
        this.#method = text
        break
      case 'name':
        parent?.names.push(text)
        break
      case 'member':
        if (frame.names.length !== 1) throw new BadReply('a member without a name')
        parent?.names.push(...frame.names)
        parent?.values.push(one(frame))
        break
      case 'struct':
        parent?.values.push(Object.fromEntries(frame.names.map((name, index) => [name, frame.values[index] ?? null])))
        break
      case 'array':
      case 'fault':
        parent?.values.push(one(frame))
        break
      case 'data':
        parent?.values.push(frame.values)
        break
      case 'params':
      case 'methodCall':
        break
      case 'methodResponse':
        if (this.#fault) this.#params = frame.values
        break
      default:
        parent?.values.push(scalar(tag, text))
    }
  }

  message(): Message {
    if (this.#root === 'methodCall') return { kind: 'call', method: this.#method, params: this.#params }
    const [value, ...more] = this.#params
    if (this.#root !== 'methodResponse' || value === undefined || more.length > 0) {
      throw new BadReply(`<${this.#root}> with ${String(this.#params.length)} values is no reply`)
    }
    return this.#fault ? fault(value) : { kind: 'reply', value }
  }
}

function one({ tag, values }: Frame): Value {
  const [value] = values
  if (values.length !== 1 || value === undefined) throw new BadReply(`<${tag}> with ${String(values.length)} values`)
  return value
}

function scalar(tag: string, text: string): Value {
  switch (tag) {
    case 'string':
      return text
    case 'int':
    case 'i1':
    case 'i2':
    case 'i4':
    case 'i8':
      return integer(tag, text)
    case 'boolean':
      if (text !== '0' && text !== '1') throw new BadReply(`the boolean ${JSON.stringify(text)}`)
      return text === '1'
    case 'double':
      return double(text)
    case 'nil':
      return null
    case 'dateTime.iso8601':
      return time(text)
    case 'base64':
      return Buffer.from(text, 'base64')
    default:
      throw new BadReply(`the unknown type <${tag}>`)
  }
}

function integer(tag: string, text: string): number {
  const value = Number(text)
  if (!/^\s*[+-]?\d+\s*$/.test(text) || !Number.isSafeInteger(value))
    throw new BadReply(`the ${tag} ${text.slice(0, 40)}`)
  return value
}

function double(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new BadReply(`the double ${text.slice(0, 40)}`)
  return value
}

function time(text: string): Date {
  const match = /^(\d{4})-?(\d{2})-?(\d{2})T(\d{2}):(\d{2}):(\d{2})$/.exec(text.trim())
  if (!match) throw new BadReply(`the time ${text.slice(0, 40)}`)
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second))
}

function fault(value: Value): Message {
  if (typeof value === 'object' && value !== null && 'faultCode' in value && 'faultString' in value) {
    const { faultCode, faultString } = value
    if (typeof faultCode === 'number' && typeof faultString === 'string') {
      return { kind: 'fault', code: faultCode, text: faultString }
    }
  }
  throw new BadReply('a fault without its code and text')
}
