import type { DropKind } from '#events/vocabulary.ts'
import type { IndexedDrop, StreamDocument } from './stream-document.ts'

/** More than half a year of weekly drops; no release has so many milestones. */
const atMost = 30

/**
 * The open drops that indexes list with all of their files: the newest of each kind. A reader who wants an older one finds it in
 * the stream. So an index has a size that it does not grow past, however many drops there are.
 */
export function recentDrops({ drops }: Pick<StreamDocument, 'drops'>): IndexedDrop[] {
  const left: Record<DropKind, number> = { milestone: atMost, weekly: atMost, nightly: atMost }
  return drops.filter(({ state, kind }) => state === 'blessed' && left[kind]-- > 0)
}
