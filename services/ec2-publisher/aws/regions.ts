import { PermanentError } from '#service/errors.ts'
import type { Region } from './region.ts'

type Connect = (name: string, onBehalfOf: string) => Promise<Region>

/** Why a region cannot be used. */
export interface ClosedRegion {
  readonly place: string
  readonly error: unknown
}

/**
 * Gives those of these regions that are not enabled for the account, or of whose partition nothing could be learnt; throws
 * when there is no such region. Asked of AWS, in the region where each partition has what is global: the list that comes
 * with the SDK names regions that are not open yet, and lacks those that are newer than it.
 */
export async function findClosed(names: readonly string[], connect: Connect): Promise<ClosedRegion[]> {
  const { partition } = await import('@aws-sdk/core/client')
  // It stands in AWS's partition data, though not in the SDK's type of them.
  const homeOf = (name: string) => (partition(name) as { implicitGlobalRegion?: string }).implicitGlobalRegion ?? name
  const closed: ClosedRegion[] = []
  for (const [home, wanted] of Map.groupBy(names, homeOf)) {
    try {
      using region = await connect(home, wanted[0] ?? home)
      const { Regions: regions = [] } = await region.ec2.describeRegions({ AllRegions: true })
      closed.push(...wanted.flatMap((name) => closedAmong(name, regions)))
    } catch (error) {
      if (error instanceof PermanentError) throw error
      closed.push(...wanted.map((place) => ({ place, error })))
    }
  }
  return closed
}

function closedAmong(
  name: string,
  regions: readonly { readonly RegionName?: string | undefined; readonly OptInStatus?: string | undefined }[],
): ClosedRegion[] {
  const found = regions.find((one) => one.RegionName === name)
  if (!found) {
    const known = regions.flatMap((one) => one.RegionName ?? []).toSorted()
    throw new PermanentError(
      'environment',
      `IMAGEDROP_EC2_PUBLISHER_REGIONS: there is no region "${name}"; there are ${known.join(', ')}`,
    )
  }
  if (found.OptInStatus !== 'not-opted-in') return []
  const error = new PermanentError(
    'refused',
    `the region ${name} is not enabled for this account; enable it, which takes some minutes ` +
      `(aws account enable-region --region-name ${name}), then retry`,
  )
  return [{ place: name, error }]
}
