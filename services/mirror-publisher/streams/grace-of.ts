import type { WaitFor } from '#service/define.ts'
import type { StreamDocument } from './stream-document.ts'

interface GraceOptions {
  /** In milliseconds. */
  readonly grace: number
  readonly now: Date
}

/**
 * Until when the files of a drop are to stay though no index names them any more: who has read an index before may still fetch
 * them. Null when they are to go: the time is over, or the drop did not just grow old, or it has none.
 */
export function graceOf({ drops }: StreamDocument, drop: string, { grace, now }: GraceOptions): WaitFor | null {
  const found = drops.find((one) => one.drop === drop)
  if (found?.state !== 'expired' || found.path === null) return null
  const until = new Date(Date.parse(found.since) + grace)
  if (until <= now) return null
  return { for: null, until, reason: 'the end of the grace time of its files', kind: 'planned', state: null }
}
