import { messageOf } from '#service/errors.ts'
import { PlaceUnreadable, type Content, type ReadPlace, type Version } from '../compose/read-place.ts'
import type { ReadMetadata } from '../compose/read-metadata.ts'
import { readComposeId } from '../compose/compose-id.ts'
import { makeComposeMessage } from './compose-message.ts'
import { listComposes } from './list-composes.ts'
import { offer, type OfferOptions } from './offer.ts'
import type { Source } from './poll.ts'

export interface StatusOptions extends OfferOptions {
  readonly read: ReadPlace
  readonly readMetadata: ReadMetadata
}

/** What was found at a place when it was looked at last. */
interface Seen {
  readonly status: string
  /** The compose that was taken in. */
  readonly name?: string
  readonly version: Version
  /** Taken in, or nothing that ever will be. */
  readonly isDone: boolean
}

const finished = new Set(['FINISHED', 'FINISHED_INCOMPLETE'])
/** Pungi never changes these; an incomplete compose may still be completed. */
const final = new Set(['FINISHED', 'DOOMED', 'TERMINATED'])

/** One place to look at. */
interface Place {
  readonly at: string
  /** It has a name of its own, and may lead to another compose by now. */
  readonly isLink: boolean
}

/**
 * A source that looks for finished composes by their STATUS files, at the places that the policy names. The newest of a
 * folder is taken in first, as a week's drop is to be of the newest compose.
 */
export function statusSource(options: StatusOptions): Source {
  const { policy, read, allowed, now } = options
  const { composes, folders, minutes, days } = policy.recovery
  let seen = new Map<string, Seen>()

  async function look(signal: AbortSignal): Promise<void> {
    const before = seen
    seen = new Map()
    const failures: unknown[] = []
    const attempt = async (work: () => Promise<void>) => {
      await work().catch((error: unknown) => {
        signal.throwIfAborted()
        failures.push(error)
      })
    }
    const lookAt = (place: Place) =>
      attempt(async () => {
        const known = before.get(place.at)
        if (known) seen.set(place.at, known)
        if (known?.isDone === true && !place.isLink && final.has(known.status)) return
        const found = await lookAtCompose(place, known, options, signal)
        if (found) seen.set(place.at, found)
      })
    for (const at of composes) await lookAt({ at: withoutSlash(at), isLink: true })
    const oldest = dayBefore(now(), days)
    for (const folder of folders.map(withoutSlash)) {
      await attempt(async () => {
        const names = await listComposes(folder, { read, allowed, oldest }, signal)
        for (const name of names) await lookAt({ at: `${folder}/${name}`, isLink: false })
      })
    }
    if (failures.length > 0) throw joined(failures)
  }
  return { name: 'the STATUS of composes', minutes, look }
}

/** Takes in the compose of a place when it has finished; null when there is nothing new. */
async function lookAtCompose(
  { at, isLink }: Place,
  known: Seen | undefined,
  options: StatusOptions,
  signal: AbortSignal,
): Promise<Seen | null> {
  const { read, readMetadata } = options
  const content = await (isLink ? read : ifThere(read))(`${at}/STATUS`, signal, known?.version)
  if (content === null) return null
  const { version } = content
  const status = textOf(content)
  if (!finished.has(status)) return { status, version, isDone: final.has(status) }
  const compose = await whereItLasts(at, read, signal)
  // While we asked, the link may have come to lead to a compose that has not finished.
  const now = compose.at === at ? status : textOf(await read(`${compose.at}/STATUS`, signal))
  if (!finished.has(now)) return null
  const done: Seen = { status, name: compose.name, version, isDone: true }
  if (known?.name === compose.name && known.status === status) return done
  const found = { name: compose.name, status: now, location: `${compose.at}/compose` }
  const body = await makeComposeMessage(found, readMetadata, signal)
  await offer({ subject: 'pungi.compose.status.change', body }, `compose-status:${compose.name}:${now}`, options)
  return done
}

/** A link will lead to the next compose one day: the drop is to hold on to the folder that it leads to now. */
async function whereItLasts(at: string, read: ReadPlace, signal: AbortSignal): Promise<{ at: string; name: string }> {
  const name = textOf(await read(`${at}/COMPOSE_ID`, signal))
  if (readComposeId(name) === null) {
    const got = JSON.stringify(name.slice(0, 80))
    throw new PlaceUnreadable(`${at}/COMPOSE_ID: expected a compose id, got ${got}`, true)
  }
  const beside = `${at.slice(0, at.lastIndexOf('/'))}/${name}`
  if (beside === at) return { at, name }
  const isThere = textOf(await ifThere(read)(`${beside}/COMPOSE_ID`, signal)) === name
  return { at: isThere ? beside : at, name }
}

/** The same reader, to which a missing file is nothing. */
function ifThere(read: ReadPlace): ReadPlace {
  return async (from, signal, known) => {
    try {
      return await read(from, signal, known)
    } catch (error) {
      if (error instanceof PlaceUnreadable && error.final) return null
      throw error
    }
  }
}

function textOf(content: Content | null): string {
  return content?.bytes.toString('utf8').trim() ?? ''
}

function withoutSlash(place: string): string {
  return place.replace(/\/+$/, '')
}

function dayBefore(now: Date, days: number): string {
  return new Date(now.getTime() - days * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '')
}

function joined(failures: readonly unknown[]): unknown {
  return failures.length === 1 ? failures[0] : new AggregateError(failures, failures.map(messageOf).join('; '))
}
