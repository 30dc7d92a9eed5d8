import type { DropExpired } from '#events/drop-expired.ts'
import type { DropSuperseded } from '#events/drop-superseded.ts'
import { isRespin } from '#drop/hear-request.ts'
import type { End } from './note-drop.ts'

/** How a drop ended, in the words of the indexes. */
export function endOf(body: DropSuperseded | DropExpired): End {
  if ('keptDays' in body) {
    const { keptDays, keptNewest } = body
    const reason =
      keptNewest === undefined
        ? `drops of its kind are kept for ${String(keptDays)} days`
        : `of its kind, the newest ${String(keptNewest)} are kept`
    return { state: 'expired', by: 'the retention policy', reason }
  }
  const { by, reason = null } = body
  return { state: isRespin(by) ? 'superseded' : 'withdrawn', by, reason }
}
