import { z } from 'zod'
import type { DropExpired } from '#events/drop-expired.ts'
import type { DropPublished } from '#events/drop-published.ts'
import type { DropSuperseded } from '#events/drop-superseded.ts'
import type { DropImage } from '#events/vocabulary.ts'
import type { WaitFor } from '#service/define.ts'
import { PermanentError } from '#service/errors.ts'
import type { VersionName } from '../cloud.ts'
import { orderVersion } from '../list/order-version.ts'
import { imagesToList, type Given, type JobContext } from './given.ts'
import { versionIn } from './registration.ts'

const kept = z.record(z.string(), z.array(z.string()))

/** Withdraws the versions of a drop, whatever has become of them: cancels, waits for what cannot be cancelled, restricts. */
export async function withdrawEnded(body: DropSuperseded | DropExpired, given: Given, context: JobContext) {
  const before = context.waited ? kept.parse(context.waited.state) : {}
  const { past, waitsFor } = await withdrawOnce(body, given, { before, context })
  return waitsFor.length === 0 ? [] : { events: [], wait: waitForEnd(past, waitsFor, given, context) }
}

/** One step back for each version of a drop. */
export async function withdrawOnce(
  body: DropSuperseded | DropExpired | DropPublished,
  given: Given,
  { before, context }: { readonly before: Readonly<Record<string, readonly string[]>>; readonly context: JobContext },
) {
  const past: Record<string, string[]> = {}
  const waitsFor: string[] = []
  for (const one of imagesToList(body))
    for (const version of versionsOf(body, one, given)) {
      const key = `${version.product} ${version.title}`
      const withdrawn = await given.cloud.withdraw(version, before[key] ?? null, context)
      past[key] = [...withdrawn.past]
      if (withdrawn.waitsFor !== null) waitsFor.push(withdrawn.waitsFor)
    }
  return { past, waitsFor }
}

/** What was said to be there, and what would be there now: a process that was killed may have said nothing yet. */
function versionsOf(body: DropSuperseded | DropExpired | DropPublished, one: DropImage, given: Given): VersionName[] {
  const told = versionIn(body.drop, one, given.emulated)
  const order = orderVersion({ ...body, one }, { listings: given.listings(), emulated: given.emulated })
  const all = [...(told ? [told] : []), ...('reason' in order ? [] : [order])]
  return all.filter(
    (version, index) =>
      all.findIndex(({ product, title }) => product === version.product && title === version.title) === index,
  )
}

function waitForEnd(
  state: Readonly<Record<string, string[]>>,
  waitsFor: readonly string[],
  { lookSeconds, reviewDays }: Given,
  { now, waited }: JobContext,
): WaitFor {
  const since = waited?.since ?? now()
  if (now().getTime() - since.getTime() > reviewDays * 24 * 3_600_000)
    throw new PermanentError('stuck', `after ${String(reviewDays)} days, it still waits for ${waitsFor.join(', ')}`)
  return {
    for: null,
    until: new Date(now().getTime() + lookSeconds * 1000),
    reason: 'the Marketplace to withdraw versions',
    state,
  }
}
