import { uuidFrom, type Envelope } from '#events/envelope.ts'
import { findEvent, foreignEvents } from '#events/index.ts'
import { InvalidEvent, parseIncoming } from '#events/parse.ts'
import { eventHeaders, severityNumbers } from '../headers.ts'

/** An event as NATS carries it: the body alone, all else in headers. */
export interface OutgoingMessage {
  /** `Nats-Msg-Id`: what the server knows duplicates by. */
  readonly id: string
  readonly headers: Readonly<Record<string, string>>
  readonly data: string
}

/** What is read of a message from the stream. */
export interface IncomingMessage {
  readonly subject: string
  /** Who may publish where this was published, where that is one account alone. */
  readonly sender: string | null
  readonly header: (name: string) => string
  readonly data: Uint8Array
  /** Where and when the stream stored it: the same at every delivery. */
  readonly stream: string
  readonly seq: number
  readonly storedAt: Date
}

/** The header that the server knows duplicates by, and that carries the event's id. */
export const idHeader = 'Nats-Msg-Id'

const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i

const foreignSubjects = new Set<string>(foreignEvents.map(({ subject }) => subject))

/** Puts an event into a message. */
export function toMessage(envelope: Envelope): OutgoingMessage {
  const { id, subject, time, drop, causation, trace, body } = envelope
  const severity = findEvent(subject)?.severity ?? 'info'
  return {
    id,
    headers: {
      [eventHeaders.schema]: schemaOf(subject),
      [eventHeaders.severity]: String(severityNumbers[severity]),
      [eventHeaders.time]: time,
      ...(drop === null ? {} : { [eventHeaders.drop]: drop }),
      ...(causation === null ? {} : { [eventHeaders.causation]: causation }),
      ...(trace === null ? {} : { [eventHeaders.trace]: trace }),
    },
    data: JSON.stringify(body),
  }
}

/**
 * Reads an event, also one of a publisher that left headers out: what they would say is then made from where and when
 * the stream stored it, so that every delivery reads the same. Throws InvalidEvent naming field and value.
 */
export function fromMessage(message: IncomingMessage): Envelope {
  const { subject, sender, header, stream, seq, storedAt } = message
  assertSaidHere(message)
  const id = header(idHeader)
  const causation = header(eventHeaders.causation)
  const time = new Date(header(eventHeaders.time))
  return parseIncoming({
    id: uuid4.test(id) ? id : uuidFrom(`${stream} ${String(seq)} ${storedAt.toISOString()}`),
    subject,
    time: (Number.isNaN(time.getTime()) ? storedAt : time).toISOString(),
    drop: header(eventHeaders.drop) || null,
    causation: uuid4.test(causation) ? causation : null,
    trace: header(eventHeaders.trace) || null,
    sender,
    body: readBody(message),
  })
}

/**
 * A server sends its answers wherever the one who asks wants them, also where that one may not publish. A message of ours
 * says which event it is; such an answer does not.
 */
function assertSaidHere({ subject, header }: IncomingMessage): void {
  const schema = header(eventHeaders.schema)
  if (foreignSubjects.has(subject) || schema === schemaOf(subject)) return
  throw new InvalidEvent(
    `${subject}: ${eventHeaders.schema} is not ${schemaOf(subject)}, got ${JSON.stringify(schema)}`,
  )
}

function schemaOf(subject: string): string {
  return `imagedrop.${subject}`
}

function readBody({ subject, data }: IncomingMessage): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data))
  } catch (error) {
    const start = Buffer.from(data.subarray(0, 80)).toString('latin1')
    throw new InvalidEvent(`${subject}: the body is not JSON, got ${JSON.stringify(start)}`, { cause: error })
  }
}
