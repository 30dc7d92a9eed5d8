import { translate } from '../aws/errors.ts'
import { byPartition } from '../aws/partitions.ts'
import type { Region } from '../aws/region.ts'
import { findClosed } from '../aws/regions.ts'
import { settleAtOnce } from '../regions/at-once.ts'
import type { Connections } from '../regions/connections.ts'
import type { RegionFailure } from '../regions/outcomes.ts'

/**
 * Gives those of these regions that are not enabled for the account, or that a look throws at. The look is told whether
 * disks are sent to the region, or copied to it.
 */
export async function findUnusable(
  { settings, connect, within }: Connections,
  names: readonly string[],
  signal: AbortSignal,
  look: (region: Region, sends: boolean) => Promise<void>,
): Promise<RegionFailure[]> {
  const closed = await findClosed(names, (name, onBehalfOf) => connect(name, signal, onBehalfOf))
  const open = names.filter((name) => closed.every(({ place }) => place !== name))
  const partitions = await byPartition([...settings.regions, ...settings.bestEffortRegions])
  const homes = new Set(partitions.map(({ home }) => home))
  const looks = await settleAtOnce(open, settings.copies, (name) =>
    within(name, 'looking whether images can be uploaded', signal, (region) => look(region, homes.has(name))),
  )
  signal.throwIfAborted()
  const unfit = looks.flatMap((one, index) =>
    one.status === 'rejected' ? [{ place: open[index] ?? '', error: one.reason as unknown }] : [],
  )
  return [
    ...closed.map(({ place, error }) => ({ place, error: translate(error, 'looking for the regions') })),
    ...unfit,
  ]
}
