import { PermanentError } from '#service/errors.ts'
import type { Region } from './region.ts'

type Connect = (name: string) => Promise<Region>

/**
 * Throws when one of these regions does not exist or is not enabled for the account. Asked of AWS, in the region where
 * each partition has what is global: the list that comes with the SDK names regions that are not open yet, and lacks
 * those that are newer than it.
 */
export async function assertUsable(names: readonly string[], connect: Connect): Promise<void> {
  const { partition } = await import('@aws-sdk/core/client')
  // It stands in AWS's partition data, though not in the SDK's type of them.
  const homeOf = (name: string) => (partition(name) as { implicitGlobalRegion?: string }).implicitGlobalRegion ?? name
  const byHome = Map.groupBy(names, homeOf)
  for (const [home, wanted] of byHome) {
    using region = await connect(home)
    const { Regions: regions = [] } = await region.ec2.describeRegions({ AllRegions: true })
    for (const name of wanted) assertEnabled(name, regions)
  }
}

function assertEnabled(
  name: string,
  regions: readonly { readonly RegionName?: string | undefined; readonly OptInStatus?: string | undefined }[],
): void {
  const found = regions.find((one) => one.RegionName === name)
  if (!found) {
    const known = regions.flatMap((one) => one.RegionName ?? []).toSorted()
    throw new PermanentError(
      'environment',
      `IMAGEDROP_EC2_PUBLISHER_REGIONS: there is no region "${name}"; there are ${known.join(', ')}`,
    )
  }
  if (found.OptInStatus !== 'not-opted-in') return
  throw new PermanentError(
    'refused',
    `the region ${name} is not enabled for this account; enable it, which takes some minutes ` +
      `(aws account enable-region --region-name ${name}), then retry`,
  )
}
