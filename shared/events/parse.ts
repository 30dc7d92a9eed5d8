import { z } from 'zod'
import type { Envelope } from './envelope.ts'
import { findEvent } from './index.ts'

/** A message that is not what its subject promises. Sending it again cannot help. */
export class InvalidEvent extends Error {
  override name = 'InvalidEvent'
  readonly code = 'INVALID_EVENT'
}

const envelopeShape = z.strictObject({
  id: z.uuidv4(),
  subject: z.string(),
  time: z.iso.datetime(),
  drop: z.string().nullable(),
  causation: z.uuidv4().nullable(),
  trace: z.string().nullable(),
  sender: z.string().min(1).nullable(),
  body: z.unknown(),
})

/** Checks what we are about to publish; unknown fields are refused. Throws InvalidEvent naming field and value. */
export function checkOutgoing(envelope: Envelope): void {
  const definition = definitionOf(envelope.subject)
  throwIfInvalid(envelope.subject, envelopeShape.safeParse(envelope), envelope)
  throwIfInvalid(envelope.subject, definition.schema.safeParse(envelope.body), envelope.body)
}

/** Reads what came from the bus; unknown fields are dropped. Throws InvalidEvent naming field and value. */
export function parseIncoming(received: unknown): Envelope {
  const envelope = parseTolerantly('envelope', envelopeShape, received) as Envelope
  return { ...envelope, body: parseBody(envelope.subject, envelope.body) }
}

/** Reads the body of one subject; unknown fields are dropped. */
export function parseBody(subject: string, body: unknown): unknown {
  return parseTolerantly(subject, definitionOf(subject).schema, body)
}

/** What is as we know it, which is nearly everything, is read once; only else it is cut to what we know. */
function parseTolerantly(what: string, schema: z.ZodType, received: unknown): unknown {
  const parsed = schema.safeParse(received)
  if (parsed.success) return parsed.data
  const known = withoutUnknownFields(parsed.error, received)
  const again = schema.safeParse(known)
  throwIfInvalid(what, again, known)
  return again.data
}

function definitionOf(subject: string) {
  const definition = findEvent(subject)
  if (!definition) throw new InvalidEvent(`there is no event with the subject ${JSON.stringify(subject)}`)
  return definition
}

/** Our schemas are strict, so a newer publisher's extra fields show up as issues of their own kind: those we cut out. */
function withoutUnknownFields({ issues }: z.ZodError, value: unknown): unknown {
  const copy: unknown = structuredClone(value)
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue
    const holder = at(copy, issue.path)
    if (typeof holder !== 'object' || holder === null) continue
    for (const key of issue.keys) Reflect.deleteProperty(holder, key)
  }
  return copy
}

function throwIfInvalid(what: string, parsed: z.ZodSafeParseResult<unknown>, value: unknown): void {
  if (parsed.success) return
  throw new InvalidEvent(`${what}: ${describeIssues(parsed.error, value)}`, { cause: parsed.error })
}

/** Says which field is wrong, how, and what it holds: `compose.id: Invalid string, got "../x"`. */
export function describeIssues(
  error: z.ZodError,
  value: unknown,
  nameOf = (path: readonly PropertyKey[]) => path.map(String).join('.'),
): string {
  return error.issues
    .map((issue) => {
      const held = JSON.stringify(at(value, issue.path)) as string | undefined
      const got = held === undefined ? 'nothing' : held.length > 80 ? `${held.slice(0, 80)}…` : held
      return `${nameOf(issue.path) || 'the whole'}: ${issue.message}, got ${got}`
    })
    .join('; ')
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (holder, key) => (typeof holder === 'object' && holder !== null ? Reflect.get(holder, key) : undefined),
    value,
  )
}
