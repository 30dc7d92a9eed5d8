import type { Filter, Image, Snapshot } from '@aws-sdk/client-ec2'
import type { Region } from './region.ts'

/** Our own images that match, in any state. Filters find nothing where ids would be an error. */
export async function findImages({ ec2 }: Region, ...filters: Filter[]): Promise<Image[]> {
  return (await ec2.describeImages({ Owners: ['self'], Filters: filters })).Images ?? []
}

/** Our own snapshots that match, in any state. */
export async function findSnapshots({ ec2 }: Region, ...filters: Filter[]): Promise<Snapshot[]> {
  return (await ec2.describeSnapshots({ OwnerIds: ['self'], Filters: filters })).Snapshots ?? []
}

/** Filter by one value. */
export function where(name: string, ...values: readonly string[]): Filter {
  return { Name: name, Values: [...values] }
}
