import { joinReports, unseen } from '#publishing/audit-place.ts'
import type { AuditReport, ClaimedDrop } from '#service/audit.ts'
import { messageOf } from '#service/errors.ts'
import { byPartition } from '../aws/partitions.ts'
import type { Ec2Settings } from '../config.ts'
import { importPlaceOf } from '../imports/import-place.ts'
import { settleAtOnce } from '../regions/at-once.ts'
import type { Connections } from '../regions/connections.ts'
import { target } from '../step.ts'
import { auditImports } from './audit-imports.ts'
import { auditRegion } from './audit-region.ts'

interface Given {
  readonly drops: readonly ClaimedDrop[]
  readonly repair: boolean
  readonly signal: AbortSignal
}

/** Compares the regions with what drops claim, all side by side; one that cannot be looked at is a finding itself. */
export async function auditRegions(
  { settings, within }: Connections,
  { drops, repair, signal }: Given,
): Promise<AuditReport> {
  const mine = drops.map((drop) => ({ ...drop, registrations: drop.registrations.filter(isOurs(settings)) }))
  const told = mine.flatMap((drop) => drop.registrations.map((one) => one.place))
  const names = [...new Set([...settings.regions, ...settings.bestEffortRegions, ...told])]
  const partitions = await byPartition([...settings.regions, ...settings.bestEffortRegions])
  const homes = new Set(partitions.map(({ home }) => home))
  const outcomes = await settleAtOnce(names, settings.copies, (name) =>
    within(name, 'looking at what is there', signal, async (region) => {
      const images = await auditRegion(region, mine, { repair, settings })
      const place = homes.has(name) ? await importPlaceOf(region, settings) : null
      return place === null ? [images] : [images, await auditImports(region, place, mine, repair)]
    }),
  )
  signal.throwIfAborted()
  const reports = outcomes.map((outcome, index): AuditReport => {
    const place = names[index] ?? ''
    if (outcome.status === 'rejected') return unseen(place, messageOf(outcome.reason))
    const looked = outcome.value.reduce((sum, report) => sum + report.looked, 0)
    return { places: [{ place, looked }], findings: outcome.value.flatMap(({ findings }) => findings) }
  })
  return joinReports(reports)
}

function isOurs({ emulated }: Ec2Settings) {
  return (one: ClaimedDrop['registrations'][number]) => one.target === target && one.emulated === emulated
}
