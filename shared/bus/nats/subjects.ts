import { foreignEvents, ownEvents } from '#events/index.ts'

/** The names that one deployment uses on a NATS server. */
export interface Subjects {
  /** Where an event of ours or of others is said. */
  readonly of: (event: string) => string
  /** The event's own subject, or null for what is none of ours: a dead letter. */
  readonly eventOf: (subject: string) => string | null
  /** Where the dead letters of a service are kept. */
  readonly dead: (service: string) => string
  /** Where a service shows its progress; `*` for all of them. */
  readonly progress: (service: string) => string
  /** What the stream takes in. Progress is not kept. */
  readonly stored: readonly string[]
}

/** The subjects behind a prefix; one dot is put after it. */
export function createSubjects(prefix: string): Subjects {
  const start = prefix === '' || prefix.endsWith('.') ? prefix : `${prefix}.`
  if (!/^([\w-]+\.)*$/.test(start)) {
    throw new Error(`subjectPrefix: expected words joined by dots, got ${JSON.stringify(prefix)}`)
  }
  const dead = `${start}dead.`
  const events = [...ownEvents, ...foreignEvents].map(({ subject }) => start + subject)
  return {
    of: (event) => start + event,
    eventOf: (subject) => (subject.startsWith(start) && !subject.startsWith(dead) ? subject.slice(start.length) : null),
    dead: (service) => dead + service,
    progress: (service) => `${start}progress.${service}`,
    stored: [...events, `${dead}*`],
  }
}

/** True when one of the filters lets the subject through; the subject may have stars itself. */
export function covers(filters: readonly string[], subject: string): boolean {
  const words = subject.split('.')
  return filters.some((filter) => {
    const parts = filter.split('.')
    const open = parts.at(-1) === '>'
    if (open) parts.pop()
    if (open ? words.length <= parts.length : words.length !== parts.length) return false
    return parts.every((part, at) => part === '*' || part === words[at])
  })
}
