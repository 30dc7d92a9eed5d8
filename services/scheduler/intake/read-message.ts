import { branchedComposed, composeStatusChanged, rawhideComposed } from '#events/compose.ts'
import type { SaidOf } from '#events/define.ts'
import { describeIssues } from '#events/parse.ts'
import { messageOf } from '#service/errors.ts'
import { InvalidMessage } from './message-error.ts'

const definitions = [composeStatusChanged, rawhideComposed, branchedComposed] as const
/** A compose message as an event, checked. */
export type ComposeEvent = SaidOf<(typeof definitions)[number]>

type Json = Record<string, unknown>

/** What a message holds: its topic without the prefix, its body, and its own id where the envelope has one. */
export interface ComposeMessage {
  readonly topic: ComposeEvent['subject']
  readonly message: Json
  readonly id: string | null
}

/**
 * Reads one compose message from text: Pungi's body alone, `{topic, body}`, a fedora-messaging dump, or a fedmsg
 * envelope `{topic, msg}`. Throws InvalidMessage naming the field and its value.
 */
export function readComposeMessage(text: string): ComposeMessage {
  return openEnvelope(parseObject(text))
}

/** Checks the body of a topic and makes the event of it. Throws InvalidMessage naming the field and its value. */
export function readComposeBody(topic: string, message: Readonly<Json>): ComposeEvent {
  const subject = subjectOf(topic)
  switch (subject) {
    case 'pungi.compose.status.change':
      return { subject, body: check(composeStatusChanged.schema, message) }
    case 'compose.rawhide.complete':
      return { subject, body: check(rawhideComposed.schema, message) }
    case 'compose.branched.complete':
      return { subject, body: check(branchedComposed.schema, message) }
  }
}

function parseObject(text: string): Json {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    throw new InvalidMessage('message', text.slice(0, 80), `the message is not JSON: ${messageOf(error)}`, {
      cause: error,
    })
  }
  if (Array.isArray(content)) {
    throw new InvalidMessage('message', null, `expected one message, got a list of ${String(content.length)}`)
  }
  if (isObject(content)) return content
  throw new InvalidMessage('message', content, `expected a JSON object, got ${JSON.stringify(content)}`)
}

/** Tells a message from its envelope, in each of the forms that `readComposeMessage` names. Throws InvalidMessage. */
export function openEnvelope(content: Json): ComposeMessage {
  const { topic, body, msg } = content
  const id = [content['id'], content['msg_id']].find((one) => typeof one === 'string') ?? null
  const inner = isObject(msg) ? msg : isObject(body) ? (isObject(body['msg']) ? body['msg'] : body) : null
  if (inner === null && topic === undefined) return { topic: subjectOfBody(content), message: content, id: null }
  if (inner === null) throw new InvalidMessage('body', body ?? null, 'the envelope has a topic, but no body')
  const subject = topic === undefined ? subjectOfBody(inner) : subjectOf(topic)
  return { topic: subject, message: subject === composeStatusChanged.subject ? inner : withDate(inner, content), id }
}

/** A message of before Pungi 4 does not say of which day it is, but its envelope does. */
function withDate(message: Json, { timestamp, headers }: Json): Json {
  const sent = isObject(headers) ? headers['sent-at'] : timestamp
  const time = typeof sent === 'number' ? sent * 1000 : typeof sent === 'string' ? Date.parse(sent) : Number.NaN
  // Beyond this there are no dates.
  if (!(Math.abs(time) <= 8.64e15)) return message
  return { compose_date: new Date(time).toISOString().slice(0, 10).replaceAll('-', ''), ...message }
}

/** A body without a topic tells by its keys what it is. */
function subjectOfBody(body: Json): ComposeEvent['subject'] {
  if ('compose_id' in body || !('branch' in body)) return composeStatusChanged.subject
  return body['branch'] === 'rawhide' ? rawhideComposed.subject : branchedComposed.subject
}

function subjectOf(topic: unknown): ComposeEvent['subject'] {
  const found = definitions.find(
    ({ subject }) => topic === subject || (typeof topic === 'string' && topic.endsWith(`.${subject}`)),
  )
  if (found) return found.subject
  const known = definitions.map(({ subject }) => subject).join(', ')
  throw new InvalidMessage('topic', topic, `topic: expected ${known}, got ${JSON.stringify(topic)}`)
}

interface Checker<Body> {
  safeParse(
    message: unknown,
  ): { success: true; data: Body } | { success: false; error: Parameters<typeof describeIssues>[0] }
}

function check<Body>(schema: Checker<Body>, message: Readonly<Json>): Body {
  const parsed = schema.safeParse(message)
  if (parsed.success) return parsed.data
  const field = String(parsed.error.issues[0]?.path[0] ?? 'message')
  throw new InvalidMessage(field, message[field] ?? null, describeIssues(parsed.error, message), {
    cause: parsed.error,
  })
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
