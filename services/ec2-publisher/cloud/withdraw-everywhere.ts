import { PermanentError } from '#service/errors.ts'
import { byPartition } from '../aws/partitions.ts'
import { findClosed } from '../aws/regions.ts'
import type { CloudContext, Withdrawal } from '../cloud.ts'
import { dropTag, tagValue } from '../aws/tags.ts'
import { endImports } from '../imports/end-imports.ts'
import { importPlaceOf } from '../imports/import-place.ts'
import { endTrials } from '../trial/try-image.ts'
import { pointBack } from '../parameters/point-back.ts'
import { withdrawDrop } from '../withdraw/withdraw-drop.ts'
import { settleAtOnce } from '../regions/at-once.ts'
import type { Connections } from '../regions/connections.ts'
import { isBestEffort, together } from '../regions/outcomes.ts'

/** Withdraws a drop from every region, as `Cloud.withdraw` promises. One that is down keeps the others from nothing. */
export async function withdrawEverywhere(
  { settings, connect, within }: Connections,
  drop: string,
  { signal }: CloudContext,
  { registrations, step, newest }: Withdrawal,
): Promise<string[]> {
  const all = [...settings.regions, ...settings.bestEffortRegions]
  const mine = registrations.filter((one) => one.emulated === settings.emulated)
  const closed = await findClosed(all, (name, onBehalfOf) => connect(name, signal, onBehalfOf))
  const told = new Set(mine.map((one) => one.place))
  // A region that was never enabled holds nothing of ours.
  const isLocked = (name: string) =>
    closed.some(({ place, error }) => place === name && error instanceof PermanentError)
  const names = [...new Set([...all, ...told])].filter(
    (name) => told.has(name) || !isBestEffort(name, settings) || !isLocked(name),
  )
  const homes = new Set((await byPartition(all)).map(({ home }) => home))
  const outcomes = await settleAtOnce(names, settings.copies, async (name) => {
    const there = mine.filter((one) => one.place === name)
    const { keepLast, parameters, trials } = settings
    return await within(name, `withdrawing ${drop}`, signal, async (region) => {
      const ids = there.map(({ id }) => id)
      if (parameters !== undefined)
        for (const one of newest) await pointBack(region, `${parameters}/${one}`, { drop, ids })
      if (trials.length > 0) await endTrials(region, ({ Tags: tags }) => tagValue(tags, dropTag) === drop)
      const place = step.kind === 'remove' && homes.has(name) ? await importPlaceOf(region, settings) : null
      if (place !== null) await endImports(region, place, { drop, snapshots: 'remove' })
      return await withdrawDrop(region, drop, there, { step, keepLast })
    })
  })
  signal.throwIfAborted()
  const errors = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
  if (errors.length > 0) throw together(errors)
  return outcomes.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
}
