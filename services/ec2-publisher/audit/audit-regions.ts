import type { Audit, AuditFinding } from '#service/audit.ts'
import { messageOf } from '#service/errors.ts'
import { byPartition } from '../aws/partitions.ts'
import { readEc2PublisherConfig } from '../config.ts'
import { importPlaceOf } from '../imports/import-place.ts'
import { settleAtOnce } from '../regions/at-once.ts'
import { createConnections } from '../regions/connections.ts'
import { target } from '../step.ts'
import { auditImports } from './audit-imports.ts'
import { auditRegion } from './audit-region.ts'

/** Compares the regions with what drops claim, all side by side; one that cannot be looked at is a finding itself. */
export async function auditRegions({ drops, repair, env, signal }: Parameters<Audit['run']>[0]) {
  const settings = readEc2PublisherConfig(env)
  const { within } = createConnections(settings)
  const mine = drops.map((drop) => ({
    ...drop,
    registrations: drop.registrations.filter((one) => one.target === target && one.emulated === settings.emulated),
  }))
  const told = mine.flatMap((drop) => drop.registrations.map((one) => one.place))
  const names = [...new Set([...settings.regions, ...settings.bestEffortRegions, ...told])]
  const partitions = await byPartition([...settings.regions, ...settings.bestEffortRegions])
  const homes = new Set(partitions.map(({ home }) => home))
  const outcomes = await settleAtOnce(names, settings.copies, (name) =>
    within(name, 'looking at what is there', signal, async (region) => {
      const findings = await auditRegion(region, mine, { repair, settings })
      const place = homes.has(name) ? await importPlaceOf(region, settings) : null
      return place === null ? findings : [...findings, ...(await auditImports(region, place, mine, repair))]
    }),
  )
  signal.throwIfAborted()
  return outcomes.flatMap((outcome, index): AuditFinding[] => {
    if (outcome.status === 'fulfilled') return outcome.value
    const place = names[index] ?? ''
    return [{ place, drop: null, what: messageOf(outcome.reason), repair: null, repaired: false }]
  })
}
