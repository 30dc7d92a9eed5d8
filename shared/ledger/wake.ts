import type { WakeScope } from './ledger.ts'

/**
 * Tells this process, and others with the same ledger, that there may be work. An implementer calls local listeners
 * at once, others soon after; a bell that is lost costs time, never work.
 */
export interface Wake {
  ring(where: WakeScope): void
  listen(listener: (where: WakeScope) => void): Disposable
  /** What was rung last is still heard by others. */
  close(): Promise<void>
}
