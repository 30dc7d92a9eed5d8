import type { WorkPlace } from './ledger.ts'

/**
 * Tells this process, and others with the same ledger, that there may be work. An implementer calls local listeners
 * at once, others soon after; a bell that is lost costs time, never work.
 */
export interface Wake {
  ring(where: WorkPlace): void
  listen(listener: (where: WorkPlace) => void): Disposable
  /** What was rung last is still heard by others. */
  close(): Promise<void>
}
