import { foreignEvents, ownEvents } from '#events/index.ts'
import { isOperatorRequest } from '#events/operator.ts'

/** The names that one deployment uses on a NATS server. */
export interface Subjects {
  /**
   * Where an event of ours or of others is said. A server tells nobody who published a message, but it does say who may
   * publish what: so an operator asks behind their own name, `drop.blessing.requested.v1.by.dgilmore`.
   */
  readonly of: (event: string, sender?: string | null) => string
  /** The event's own subject and who said it, or null for what is none of ours: a dead letter. */
  readonly eventOf: (subject: string) => { readonly event: string; readonly sender: string | null } | null
  /** Everywhere that an event may be said. */
  readonly placesOf: (event: string) => readonly string[]
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
  const placesOf = (event: string) => [start + event, ...(isOperatorRequest(event) ? [`${start}${event}.${by}.*`] : [])]
  return {
    of(event, sender = null) {
      if (sender === null || !isOperatorRequest(event)) return start + event
      if (/^[^\s.*>]+$/.test(sender)) return `${start}${event}.${by}.${sender}`
      throw new Error(`${event}: expected a sender without dots, stars and spaces, got ${JSON.stringify(sender)}`)
    },
    eventOf(subject) {
      if (!subject.startsWith(start) || subject.startsWith(dead)) return null
      const [event = '', sender = null] = subject.slice(start.length).split(`.${by}.`)
      return { event, sender }
    },
    placesOf,
    dead: (service) => dead + service,
    progress: (service) => `${start}progress.${service}`,
    stored: [...[...ownEvents, ...foreignEvents].flatMap(({ subject }) => placesOf(subject)), `${dead}*`],
  }
}

/** Stands between the subject of a request and the name of the operator. */
const by = 'by'

/** Whether a filter lets through all that is said on more subjects than it names: a request is one, whoever asks. */
export function isOpen(filter: string): boolean {
  return /[*>]/.test(filter.replace(new RegExp(`\\.${by}\\.\\*$`), ''))
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
