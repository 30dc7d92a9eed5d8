import type { Delivery } from '../delivery.ts'
import type { Job, Ledger } from '../ledger.ts'
import type { Capacity, Needs } from '../needs.ts'
import { later, wanted } from './ledger.ts'

/** A host of some size. */
export const host: Capacity = {
  host: 'one',
  cores: 4,
  memoryMib: 4_000,
  diskMib: 10_000,
  kvm: false,
  root: false,
  architectures: ['x86_64', 'i686'],
}

/** A job that needs something of its host. */
export function needing(needs: Needs, order: Pick<Delivery, 'priority' | 'share' | 'preemptible'> = {}) {
  return { ...wanted(), needs, ...order }
}

export interface Asked {
  readonly owner?: string
  readonly at?: number
  readonly service?: string
  readonly capacity?: Capacity
}

/** What a worker is given that asks once. */
export function take(
  ledger: Ledger,
  { owner = 'a', at = 0, service = 'builder', capacity = host }: Asked = {},
): Promise<Job[]> {
  return ledger.lease(service, { owner, now: later(at), until: later(at + 30), limit: 10, capacity })
}

/** What a worker is given until there is no more for it. */
export async function takeAll(ledger: Ledger, asked: Asked = {}): Promise<Job[]> {
  const all: Job[] = []
  for (let jobs = await take(ledger, asked); jobs.length > 0; jobs = await take(ledger, asked)) all.push(...jobs)
  return all
}

/** How a worker presents itself that does four jobs of each service at a time. */
export function taken(...services: string[]) {
  return services.map((service) => ({ service, slots: 4 }))
}

/** Which of the deliveries the jobs are on. */
export function positions(deliveries: readonly Delivery[], jobs: readonly Job[]): number[] {
  return jobs.map((job) => deliveries.findIndex((one) => one.envelope.id === job.envelope.id))
}
