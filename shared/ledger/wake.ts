import type { WakeScope } from './ledger.ts'

/**
 * Tells this process, and others with the same ledger, that there may be work. An implementer calls local listeners
 * at once, others soon after; a bell that is lost costs time, never work.
 */
export interface Wake {
  /** `anywhere` and `outbox` are for every process; work for a service is for one that is free, `said` for followers. */
  ring(where: WakeScope): void
  listen(listener: (where: WakeScope) => void, options?: { readonly follows?: boolean }): Disposable
  /** See `Ledger.offer`. */
  offer(service: string, isFree: boolean): void
  /** See `Ledger.keepsTime`. */
  keepsTime(service: string): Promise<boolean>
  /** What was rung last is still heard by others. */
  close(): Promise<void>
}
