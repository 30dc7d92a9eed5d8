import type { Filter, Image, Snapshot } from '@aws-sdk/client-ec2'
import { isBusy } from './aws-errors.ts'
import type { Region } from './region.ts'
import { patiently, type Pace } from './wait.ts'

/** Our own images that match, in any state. Filters find nothing where ids would be an error. */
export async function findImages(region: Region, pace: Pace, ...filters: Filter[]): Promise<Image[]> {
  const ask = () => region.ec2.describeImages({ Owners: ['self'], Filters: filters }, { abortSignal: pace.signal })
  return (await patiently(ask, isBusy, pace)).Images ?? []
}

/** Our own snapshots that match, in any state. */
export async function findSnapshots(region: Region, pace: Pace, ...filters: Filter[]): Promise<Snapshot[]> {
  const ask = () => region.ec2.describeSnapshots({ OwnerIds: ['self'], Filters: filters }, { abortSignal: pace.signal })
  return (await patiently(ask, isBusy, pace)).Snapshots ?? []
}

/** Filter by one value. */
export function where(name: string, ...values: readonly string[]): Filter {
  return { Name: name, Values: [...values] }
}
