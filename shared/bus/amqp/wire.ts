import { findEvent, ownEvents } from '#events/index.ts'
import type { Envelope } from '#events/envelope.ts'
import { eventHeaders, severityNumbers } from '../headers.ts'

/** The AMQP properties that fedora-messaging's wire format knows, in amqplib's words. */
export interface MessageProperties {
  readonly contentType: 'application/json'
  readonly contentEncoding: 'utf-8'
  readonly messageId: string
  /** RabbitMQ refuses a message that names another account than the one that it comes from. */
  readonly userId: string
  readonly persistent: true
  readonly headers: Readonly<Record<string, string | number | boolean>>
}

export interface Message {
  readonly routingKey: string
  readonly content: Buffer
  readonly properties: MessageProperties
}

/** The Python package that our schemas are in, as fedora-messaging writes its name in headers. */
export const schemaPackage = 'imagedrop_messages'

/** `sent-at` has whole seconds; the time of the event to the millisecond is ours to keep. */
export const timeHeader = 'imagedrop_time'

const ownSubjects = new Set<string>(ownEvents.map(({ subject }) => subject))

/** The entry point in `fedora.messages` whose class describes a subject. Others' messages we pass on untyped. */
export function schemaNameOf(subject: string): string {
  return ownSubjects.has(subject) ? `imagedrop.${subject}` : 'base.message'
}

/** The account that an event was said for, if a person's: drop ids and `policy` stand in the same field. */
export function usersOf(body: unknown): string[] {
  if (typeof body !== 'object' || body === null || !('by' in body) || typeof body.by !== 'string') return []
  return /^[a-z][a-z0-9-]{2,31}$/.test(body.by) && body.by !== 'policy' ? [body.by] : []
}

/** Where an event is published: the prefix, a dot, and its subject. */
export function routingKeyOf(subject: string, topicPrefix: string): string {
  return topicPrefix === '' ? subject : `${topicPrefix.replace(/\.+$/, '')}.${subject}`
}

/** Writes an event as fedora-messaging would. */
export function toMessage(
  envelope: Envelope,
  { topicPrefix, account }: { readonly topicPrefix: string; readonly account: string },
): Message {
  const { id, subject, time, drop, causation, trace, body } = envelope
  const severity = findEvent(subject)?.severity ?? 'info'
  return {
    routingKey: routingKeyOf(subject, topicPrefix),
    content: Buffer.from(JSON.stringify(body)),
    properties: {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      messageId: id,
      userId: account,
      persistent: true,
      headers: {
        [eventHeaders.schema]: schemaNameOf(subject),
        ...(ownSubjects.has(subject) && { fedora_messaging_schema_package: schemaPackage }),
        [eventHeaders.severity]: severityNumbers[severity],
        [eventHeaders.time]: `${time.slice(0, 19)}+00:00`,
        priority: 0,
        ...Object.fromEntries(usersOf(body).map((user) => [`fedora_messaging_user_${user}`, true])),
        [timeHeader]: time,
        ...(drop !== null && { [eventHeaders.drop]: drop }),
        ...(causation !== null && { [eventHeaders.causation]: causation }),
        ...(trace !== null && { [eventHeaders.trace]: trace }),
      },
    },
  }
}
