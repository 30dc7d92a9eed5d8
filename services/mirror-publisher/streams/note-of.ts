import type { WithdrawalNote } from '../tree/note.ts'
import type { StreamDocument } from './stream-document.ts'

/** Reads off the stream what is to be said in the place of a drop; null for one that is not over, or not known. */
export function noteOf({ drops }: StreamDocument, drop: string): WithdrawalNote | null {
  const found = drops.find((one) => one.drop === drop)
  if (!found?.end || found.path === null || found.state === 'staged' || found.state === 'blessed') return null
  const { state, since, path, end } = found
  const successor = drops.find((one) => one.drop === end.successor)
  return {
    format: 'imagedrop-withdrawn:1',
    drop,
    path,
    state,
    since,
    by: end.by,
    reason: end.reason,
    successor: successor ? { drop: successor.drop, path: successor.path } : null,
  }
}
