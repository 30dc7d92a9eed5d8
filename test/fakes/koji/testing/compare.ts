import { isDeepStrictEqual } from 'node:util'
import { decodeMessage, type Message } from '../../../../services/builder/engines/koji/rpc/decode.ts'
import { isStruct, type Value } from '../../../../services/builder/engines/koji/rpc/value.ts'
import type { Exchange } from '../recorded/read.ts'
import { str } from '../python.ts'
import type { Answer } from './send.ts'

/** How an answer differs from the recorded one in what does not change from run to run; null: not at all. */
export function differenceOf({ request, reply, note }: Exchange, answer: Answer): string | null {
  // Where the recorder dropped a reply it had read, nothing came to the client.
  const lost = 'raw' in reply || /WITHOUT passing the reply on/.test(note ?? '')
  if (lost || 'lost' in answer) {
    return lost === 'lost' in answer ? null : `expected ${JSON.stringify(reply)}, got ${JSON.stringify(answer)}`
  }
  if (reply.status !== answer.status)
    return `HTTP ${String(answer.status)} instead of ${String(reply.status)}: ${answer.body}`
  // Pages are Apache's, and complaints about XML its parser's.
  if (reply.status !== 200 || !reply.body.startsWith('<?xml')) return null
  const [wanted, got] = [settle(decodeMessage(reply.body)), settle(decodeMessage(answer.body))]
  // How many tasks there are is not in the recording: most of them were made between what it holds.
  if (request.body.includes('countOnly') && typeof wanted === typeof got) return null
  return isDeepStrictEqual(wanted, got) ? null : firstDifference(wanted, got, '')
}

function firstDifference(wanted: unknown, got: unknown, path: string): string {
  if (isObject(wanted) && isObject(got)) {
    const names = new Set([...Object.keys(wanted), ...Object.keys(got)])
    const name = [...names].find((one) => !isDeepStrictEqual(wanted[one], got[one]))
    if (name !== undefined) return firstDifference(wanted[name], got[name], `${path}.${name}`)
  }
  return `${path} is ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function settle(message: Message): unknown {
  if (message.kind === 'fault') return { code: message.code, text: settleText(message.text) }
  return message.kind === 'reply' ? settleValue(message.value, '') : message
}

/** Of a fault's text the first line, which is all that anybody should look at. */
function settleText(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/\{'name'.*/, '{…').replace(/'\/mnt\/koji\/work\/tasks\/.*'/, "'…'")
}

function settleValue(value: Value, name: string): unknown {
  if (/^(st_.time|mtime|ts|.*_ts)$/.test(name)) return value === null ? null : typeof value
  if (name.endsWith('_time')) return value === null ? null : str(value).replaceAll(/\d/g, '0').replace(/\.0+/, '')
  if (name === 'session-key' || /^creation_event_id$/.test(name)) return typeof value
  if (/^(st_size|size|checksum)$/.test(name) && typeof value === 'string') return 'text'
  if (Array.isArray(value)) {
    const list = (value as readonly Value[]).map((one) => settleValue(one, ''))
    return isUnordered(value as readonly Value[]) ? list.toSorted(byText) : list
  }
  if (isStruct(value)) {
    // What is in a file that a builder made is not the hub's.
    const nameOf = (key: string) => (key === 'size' && 'checksum' in value ? 'mtime' : key)
    const entries = Object.entries(value).map(([key, one]) => [key, settleValue(one ?? null, nameOf(key))] as const)
    return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)))
  }
  return value
}

/** The hub lists tasks, archives, logs and files in the order in which it comes upon them. */
function isUnordered(values: readonly Value[]): boolean {
  return values.every((one) =>
    isStruct(one) ? 'id' in one || 'name' in one : typeof one === 'string' && one.includes('.'),
  )
}

function byText(one: unknown, other: unknown): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1
}
