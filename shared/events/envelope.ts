import { createHash, randomUUID } from 'node:crypto'
import type { EventDefinition, Said } from './define.ts'

/** What travels on the bus: one event with its identity and its place in the story. */
export interface Envelope<Subject extends string = string, Body = unknown> {
  /** UUIDv4; the same over every retry and redelivery. */
  readonly id: string
  readonly subject: Subject
  /** ISO 8601 in UTC with milliseconds. */
  readonly time: string
  /** The drop this belongs to; null for what arrives before there is a drop. */
  readonly drop: string | null
  /** The id of the event whose handling said this one. */
  readonly causation: string | null
  /** W3C `traceparent`, when tracing is on. */
  readonly trace: string | null
  /**
   * Who sent it, by the word of whatever it came through: an account at the broker, at the database or on this host, or
   * the name of a token. Set where an event arrives, never by what a message says of itself; null where nothing tells.
   */
  readonly sender: string | null
  readonly body: Body
}

/** The envelope type that a definition's events arrive in. */
export type EnvelopeOf<Definition> =
  Definition extends EventDefinition<infer Subject, infer Body> ? Envelope<Subject, Body> : never

interface SealOptions {
  readonly now: Date
  readonly id?: string
  readonly causation?: Envelope | null
  /** W3C `traceparent` of what said it; else that of the causation. */
  readonly trace?: string | null
}

/** Puts an event in its envelope. */
export function seal<Subject extends string, Body>(
  event: Said<Subject, Body>,
  { now, id = randomUUID(), causation = null, trace = null }: SealOptions,
): Envelope<Subject, Body> {
  return {
    id,
    subject: event.subject,
    time: now.toISOString(),
    drop: dropOf(event.body) ?? causation?.drop ?? null,
    causation: causation?.id ?? null,
    trace: trace ?? causation?.trace ?? null,
    sender: null,
    body: event.body,
  }
}

/** A UUID that is always the same for one seed, for events that must exist once however often they are made. */
export function uuidFrom(seed: string): string {
  const hex = createHash('sha256').update(seed).digest('hex')
  const variant = '89ab'.charAt(parseInt(hex.charAt(16), 16) % 4)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}

function dropOf(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('drop' in body)) return null
  return typeof body.drop === 'string' ? body.drop : null
}
