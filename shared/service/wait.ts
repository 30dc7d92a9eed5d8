import type { Wait } from '#ledger/ledger.ts'
import type { BoundService, WaitFor } from './define.ts'
import { PermanentError } from './errors.ts'

/** What a waiting job may keep for itself, in bytes of JSON. What is larger belongs into the artifact store. */
const stateLimit = 64 * 1024
/** A handler that waits for a time that is past is run again after so many milliseconds, not in a tight circle. */
const shortestWait = 1_000

/** A handler's wait as the ledger is to keep it. Throws PermanentError when it cannot be meant so. */
export function checkWait(
  service: BoundService,
  { for: key, until, reason, kind = 'others', state }: WaitFor,
  now: Date,
): Omit<Wait, 'events'> {
  const refuse = (why: string) => new PermanentError('bug', `${service.name} waits for ${reason}: ${why}`)
  if (Number.isNaN(until.getTime())) throw refuse('until is not a time')
  if (key !== null && service.wakes.length === 0) {
    throw refuse(`it names no event that wakes, so nothing would ever wake ${JSON.stringify(key)}`)
  }
  const size = Buffer.byteLength(JSON.stringify(state ?? null))
  if (size > stateLimit) throw refuse(`its state has ${String(size)} bytes of JSON; ${String(stateLimit)} is the most`)
  const soonest = now.getTime() + shortestWait
  return { for: key, until: new Date(Math.max(until.getTime(), soonest)), reason, kind, state }
}
