import { TextDecoder } from 'node:util'
import { uuidFrom } from '#events/envelope.ts'
import { findEvent, foreignEvents } from '#events/index.ts'
import { InvalidEvent } from '#events/parse.ts'
import { eventHeaders } from '../headers.ts'
import { routingKeyOf, timeHeader } from './wire.ts'

/** What arrives: of the properties those that we read, each of which some publisher leaves out. */
export interface Received {
  readonly routingKey: string
  readonly content: Buffer
  readonly properties: {
    readonly messageId?: unknown
    readonly userId?: unknown
    readonly contentEncoding?: unknown
    readonly timestamp?: unknown
    readonly headers?: Readonly<Record<string, unknown>> | undefined
  }
}

const foreignSubjects: readonly string[] = foreignEvents.map(({ subject }) => subject)
const utf8 = new TextDecoder('utf-8', { fatal: true })
const uuidv4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i

/**
 * Reads a message into the shape of an envelope, for parseIncoming to judge. Tolerates all that fedora-messaging
 * tolerates, and fedmsg's envelope. Two deliveries of one message give the same id. Throws InvalidEvent.
 */
export function fromMessage({ routingKey, content, properties }: Received, topicPrefix: string, now: Date): unknown {
  const subject = subjectOf(routingKey, topicPrefix)
  const sent = objectIn(content, properties.contentEncoding, subject)
  const headers = properties.headers ?? {}
  const body = foreignSubjects.includes(subject) ? withoutFedmsgEnvelope(sent) : sent
  return {
    id: idOf(properties.messageId, body === sent ? undefined : sent['msg_id'], routingKey, content),
    subject,
    time: timeOf([headers[timeHeader], headers[eventHeaders.time], properties.timestamp, sent['timestamp']], now),
    drop: headers[eventHeaders.drop] ?? body['drop'] ?? null,
    causation: headers[eventHeaders.causation] ?? null,
    trace: headers[eventHeaders.trace] ?? null,
    sender: typeof properties.userId === 'string' && properties.userId !== '' ? properties.userId : null,
    body,
  }
}

/** Events of others arrive below any prefix: production's, staging's, or the bridge's. */
function subjectOf(routingKey: string, topicPrefix: string): string {
  const prefix = routingKeyOf('', topicPrefix)
  const subject = prefix !== '' && routingKey.startsWith(prefix) ? routingKey.slice(prefix.length) : routingKey
  if (findEvent(subject)) return subject
  return foreignSubjects.find((foreign) => routingKey.endsWith(`.${foreign}`)) ?? subject
}

function objectIn(content: Buffer, encoding: unknown, subject: string): Record<string, unknown> {
  const parsed = jsonIn(content, encoding, subject)
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>
  throw new InvalidEvent(`${subject}: the body is not a JSON object, got ${JSON.stringify(parsed).slice(0, 80)}`)
}

function jsonIn(content: Buffer, encoding: unknown, subject: string): unknown {
  try {
    return JSON.parse(decoderOf(encoding).decode(content)) as unknown
  } catch (error) {
    const start = JSON.stringify(content.toString('latin1', 0, 80))
    throw new InvalidEvent(`${subject}: the body is not JSON in ${nameOf(encoding)}, got ${start}`, {
      cause: error,
    })
  }
}

function decoderOf(encoding: unknown): TextDecoder {
  return nameOf(encoding) === 'utf-8' ? utf8 : new TextDecoder(nameOf(encoding), { fatal: true })
}

function nameOf(encoding: unknown): string {
  return typeof encoding === 'string' ? encoding : 'utf-8'
}

/** Before fedora-messaging a message was `{topic, timestamp, msg_id, …, msg}`, and the bridge passes that on. */
function withoutFedmsgEnvelope(sent: Record<string, unknown>): Record<string, unknown> {
  const { msg, msg_id: id, topic } = sent
  const isEnvelope = typeof msg === 'object' && msg !== null && (typeof id === 'string' || typeof topic === 'string')
  return isEnvelope ? (msg as Record<string, unknown>) : sent
}

/** A fedmsg id is the year, a dash and the UUID. Without any id the content stands for itself. */
function idOf(messageId: unknown, fedmsgId: unknown, routingKey: string, content: Buffer): string {
  const given = [messageId, fedmsgId].filter((id) => typeof id === 'string').filter((id) => id !== '')
  for (const id of given) {
    const uuid = id.replace(/^\d{4}-(?=.{36}$)/, '')
    if (uuidv4.test(uuid)) return uuid.toLowerCase()
  }
  return uuidFrom(given[0] ?? `${routingKey}\n${content.toString('base64')}`)
}

function timeOf(candidates: readonly unknown[], now: Date): string {
  for (const candidate of candidates) {
    const time = typeof candidate === 'number' ? new Date(candidate * 1000) : new Date(String(candidate))
    if (candidate !== undefined && Number.isFinite(time.getTime())) return time.toISOString()
  }
  return now.toISOString()
}
