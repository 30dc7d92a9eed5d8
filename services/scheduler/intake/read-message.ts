import { composeStatusChanged, branchedComposed, rawhideComposed } from '#events/compose.ts'
import { messageOf } from '#service/errors.ts'
import { subjectOf, type ComposeEvent } from '../compose/compose-event.ts'
import { refused, Refused } from '../compose/refused.ts'

type Json = Record<string, unknown>

/** The year 10000: days are written with four digits for the year. */
const lastTime = 253_402_300_800_000

/** What a message holds: its topic without the prefix, its body, and its own id where the envelope has one. */
export interface ComposeMessage {
  readonly topic: ComposeEvent['subject']
  readonly message: Json
  readonly id: string | null
}

/**
 * Reads one compose message from text: Pungi's body alone, `{topic, body}`, a fedora-messaging dump, or a fedmsg
 * envelope `{topic, msg}`. Throws Refused.
 */
export function readComposeMessage(text: string): ComposeMessage {
  return openEnvelope(parseObject(text))
}

function parseObject(text: string): Json {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    throw new Refused('message', text.slice(0, 80), `the message is not JSON: ${messageOf(error)}`, { cause: error })
  }
  if (Array.isArray(content)) {
    throw new Refused('message', null, `expected one message, got a list of ${String(content.length)}`)
  }
  if (isObject(content)) return content
  throw new Refused('message', content, `expected a JSON object, got ${JSON.stringify(content)}`)
}

/** Tells a message from its envelope, in each of the forms that `readComposeMessage` names. Throws Refused. */
export function openEnvelope(content: Json): ComposeMessage {
  const { topic, body, msg } = content
  const id = [content['id'], content['msg_id']].find((one) => typeof one === 'string') ?? null
  const inner = isObject(msg) ? msg : isObject(body) ? (isObject(body['msg']) ? body['msg'] : body) : null
  if (inner === null && topic === undefined) return { topic: subjectOfBody(content), message: content, id: null }
  if (inner === null) throw new Refused('body', body ?? null, 'the envelope has a topic, but no body')
  const subject = topic === undefined ? subjectOfBody(inner) : subjectOf(topic)
  return { topic: subject, message: subject === composeStatusChanged.subject ? inner : withDate(inner, content), id }
}

/** A message of before Pungi 4 does not say of which day it is, but its envelope does. */
function withDate(message: Json, { timestamp, headers }: Json): Json {
  const [field, sent] = isObject(headers) ? ['sent-at', headers['sent-at']] : ['timestamp', timestamp]
  if (sent === undefined) return message
  const time = typeof sent === 'number' ? sent * 1000 : typeof sent === 'string' ? Date.parse(sent) : Number.NaN
  if (!(time >= 0 && time < lastTime)) throw refused(field, sent, 'expected a time')
  return { compose_date: new Date(time).toISOString().slice(0, 10).replaceAll('-', ''), ...message }
}

/** A body without a topic tells by its keys what it is. */
function subjectOfBody(body: Json): ComposeEvent['subject'] {
  if ('compose_id' in body || !('branch' in body)) return composeStatusChanged.subject
  return body['branch'] === 'rawhide' ? rawhideComposed.subject : branchedComposed.subject
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
