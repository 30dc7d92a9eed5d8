import type { InstanceRecord } from './records.ts'

/** What the default network of an account calls an instance: `ip-172-31-3-4`. */
export function privateHostOf({ id }: Pick<InstanceRecord, 'id'>): string {
  const [third = 0, fourth = 0] = Buffer.from(id.slice(-4), 'hex')
  return `ip-172-31-${String(third)}-${String(fourth)}`
}
