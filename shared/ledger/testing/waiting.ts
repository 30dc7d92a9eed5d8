import type { Delivery } from '../delivery.ts'
import type { Job, Ledger, Wait } from '../ledger.ts'
import { later, lease, wanted } from './ledger.ts'

/** One event comes in. */
export function accept(ledger: Ledger, delivery: Delivery, at = 0, service = 'builder'): Promise<number> {
  return ledger.accept(service, [delivery], later(at))
}

interface Parked extends Partial<Wait> {
  readonly at?: number
  readonly owner?: string
}

/** A running job begins to wait, for an hour and for `task 1` unless it is said otherwise. */
export function park(ledger: Ledger, job: number, { at = 0, owner = 'a', ...wait }: Parked = {}): Promise<void> {
  const usual = { for: 'task 1', until: later(3_600), reason: 'a task', state: { task: 1 }, events: [] }
  return ledger.park(job, owner, { ...usual, ...wait }, later(at))
}

/** A job that has been leased for the first time. */
export async function begin(
  ledger: Ledger,
  { service = 'builder', key = null }: { readonly service?: string; readonly key?: string | null } = {},
): Promise<Job> {
  await accept(ledger, wanted(key), 0, service)
  return only(await lease(ledger, { service }))
}

export function only(jobs: readonly Job[]): Job {
  const [job, ...others] = jobs
  if (!job || others.length > 0) throw new Error(`one job was expected, there are ${String(jobs.length)}`)
  return job
}
