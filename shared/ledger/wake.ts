/**
 * Where there may be new work: the inbox of a service, the outbox, or anywhere. `said` is news for those who follow a
 * drop: events whose sender is known, so that nobody else needs to look for them.
 */
export type WakeScope = { readonly service: string } | 'outbox' | 'said' | 'anywhere'

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
