import type { DropExpired } from '#events/drop-expired.ts'
import type { DropSuperseded } from '#events/drop-superseded.ts'
import { isRespin } from '#drop/hear-request.ts'
import type { End } from './note-drop.ts'

/** How a drop ended, in the words of the indexes. */
export function endOf(body: DropSuperseded | DropExpired): End {
  if ('keptDays' in body) {
    const reason = `drops of its kind are kept for ${String(body.keptDays)} days`
    return { state: 'expired', by: 'the retention policy', reason }
  }
  const { by, reason = null } = body
  return { state: isRespin(by) ? 'superseded' : 'withdrawn', by, reason }
}
