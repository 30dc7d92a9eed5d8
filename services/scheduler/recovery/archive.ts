import { createHash } from 'node:crypto'
import { readComposeBody, type ComposeEvent } from '../compose/compose-event.ts'
import { Refused } from '../compose/refused.ts'
import { openEnvelope } from '../intake/read-message.ts'
import { seedOf } from '../intake/seed.ts'
import { fetchPage, type Page } from './archive-page.ts'
import { readLastSeen, writeLastSeen } from './last-seen.ts'
import { offer, type OfferOptions } from './offer.ts'
import type { Source } from './poll.ts'

export interface ArchiveOptions extends OfferOptions {
  /** datagrepper's `/raw`, or what speaks like it. */
  readonly url: string
  readonly topics: readonly string[]
  readonly minutes: number
  /** Minutes that are read again: messages reach the archive late and out of order. */
  readonly overlap: number
  /** Days that are read when it is not known what was read, and the most that is ever caught up. */
  readonly days: number
  /** File that remembers up to when the archive was read. */
  readonly memory: string
  readonly deadline: number
  readonly maxBytes: number
}

/** Beyond this something is wrong with the question, or with the answer. */
const mostPages = 200

interface Found {
  readonly event: ComposeEvent
  readonly seed: string
}

/**
 * A source that reads compose messages from their archive, from where it stopped last. Reading one twice is harmless:
 * a message that has an id is said once. The newest is taken in first, as a week's drop is to be of the newest compose.
 */
export function archiveSource(options: ArchiveOptions): Source {
  const { url, minutes, overlap, days, memory, now } = options
  let known = new Set<string>()
  async function look(signal: AbortSignal): Promise<void> {
    const until = now()
    const oldest = until.getTime() - days * 86_400_000
    const seen = await readLastSeen(memory)
    const from = seen === null ? oldest : Math.max(oldest, seen.getTime() - overlap * 60_000)
    const found = await readMessages(new Date(from), until, options, signal)
    for (const { event, seed } of found.toReversed()) {
      if (!known.has(seed)) await offer(event, seed, options)
    }
    known = new Set(found.map(({ seed }) => seed))
    await writeLastSeen(memory, until)
  }
  return { name: `the message archive ${url}`, minutes, look }
}

async function readMessages(from: Date, until: Date, options: ArchiveOptions, signal: AbortSignal): Promise<Found[]> {
  const { url, topics } = options
  // The end is fixed, so that pages do not move while they are read.
  const span = { url, topics, start: Math.floor(from.getTime() / 1000), end: Math.ceil(until.getTime() / 1000) }
  const found: Found[] = []
  for (let page = 1; page <= mostPages; page++) {
    const { raw_messages: messages, pages } = await fetchPage({ ...span, page }, options, signal)
    for (const message of messages) {
      const read = readMessage(message)
      if (read instanceof Refused) options.log.warn({ reason: read.message }, 'refused')
      else found.push(read)
    }
    if (page >= pages) return found
  }
  throw new Error(`the message archive ${url} has more than ${String(mostPages)} pages since ${from.toISOString()}`)
}

function readMessage(message: Page['raw_messages'][number]): Found | Refused {
  try {
    const { topic, message: body, id } = openEnvelope(message)
    return { event: readComposeBody(topic, body), seed: seedOf(topic, id ?? digestOf(message)) }
  } catch (error) {
    if (error instanceof Refused) return error
    throw error
  }
}

function digestOf(message: unknown): string {
  return createHash('sha256').update(JSON.stringify(message)).digest('hex')
}
