import type { ComposeRef } from '#events/vocabulary.ts'
import { completeNotice, type CompleteNotice } from './complete.ts'
import type { ComposeEvent } from './compose-event.ts'
import { judge, type Accepted, type Ignored, type Rules } from './judge.ts'
import { readNotice, type Notice } from './notice.ts'
import type { ReadMetadata } from './read-metadata.ts'

/** A finished compose that may get a drop. */
export interface Qualified extends Pick<Accepted<Notice>, 'distribution' | 'candidate'> {
  readonly compose: ComposeRef
  readonly missing: readonly string[]
}

export interface UnderstandOptions extends Rules {
  readonly read: ReadMetadata
}

/**
 * Says what a compose message is: a compose that may get a drop, or one that gets none. It is judged by what it says, as
 * at the door, before anything is read at the place that it names; then by what the compose's own metadata adds. Throws
 * Refused for what cannot be trusted or is not known.
 */
export async function understandCompose(
  event: ComposeEvent,
  came: Date,
  { read, ...rules }: UnderstandOptions,
  signal: AbortSignal,
): Promise<Qualified | Ignored> {
  const said = judge(readNotice(event, came), rules)
  if ('ignored' in said) return said
  const known = judge(await completeNotice(said.notice, read, signal), rules)
  return 'ignored' in known ? known : qualify(known)
}

function qualify({ notice, distribution, candidate }: Accepted<CompleteNotice>): Qualified {
  const { name, id, label, location, isIncomplete, missing } = notice
  const { short, version, type, date, respin } = id
  return {
    compose: { id: name, short, version, type, date, respin, label, location, incomplete: isIncomplete },
    distribution,
    candidate,
    missing,
  }
}
