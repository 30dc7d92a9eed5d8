import { branchedComposed, composeStatusChanged, rawhideComposed } from '#events/compose.ts'
import type { BodyOf, SaidOf } from '#events/define.ts'
import { describeIssues } from '#events/parse.ts'
import { refused, Refused } from './refused.ts'

const definitions = [composeStatusChanged, rawhideComposed, branchedComposed] as const
/** A compose message as an event, checked by its schema. */
export type ComposeEvent = SaidOf<(typeof definitions)[number]>
/** The body of a message of before Pungi 4. */
export type OldBody = BodyOf<typeof rawhideComposed>

/** Which kind of compose message a topic stands for, whatever its prefix. Throws Refused. */
export function subjectOf(topic: unknown): ComposeEvent['subject'] {
  const found = definitions.find(
    ({ subject }) => topic === subject || (typeof topic === 'string' && topic.endsWith(`.${subject}`)),
  )
  if (found) return found.subject
  throw refused('topic', topic, `expected ${definitions.map(({ subject }) => subject).join(', ')}`)
}

/** Makes the event of a topic and a body. Throws Refused. */
export function readComposeBody(topic: string, message: Readonly<Record<string, unknown>>): ComposeEvent {
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

interface Checker<Body> {
  safeParse(
    message: unknown,
  ): { success: true; data: Body } | { success: false; error: Parameters<typeof describeIssues>[0] }
}

function check<Body>(schema: Checker<Body>, message: Readonly<Record<string, unknown>>): Body {
  const parsed = schema.safeParse(message)
  if (parsed.success) return parsed.data
  const field = String(parsed.error.issues[0]?.path[0] ?? 'message')
  throw new Refused(field, message[field] ?? null, describeIssues(parsed.error, message), { cause: parsed.error })
}
