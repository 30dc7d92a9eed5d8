import { z } from 'zod'
import type { ArtifactStore } from '#artifacts/store.ts'
import { say } from '#events/define.ts'
import type { ImageTested } from '#events/image-tested.ts'
import { imageUploaded } from '#events/image-uploaded.ts'
import type { Context, Waited, WaitFor } from '#service/define.ts'
import { PermanentError } from '#service/errors.ts'
import type { Cloud, Uploaded } from '../cloud.ts'
import { target } from '../step.ts'
import { orderFor } from './image-order.ts'

const second = 1000
/** AWS promises no time for a copy, nor for an import; the longest that it sells is 48 hours. */
const longestWork = 48 * 3600 * second

/** When it began, since when it is tried, and the regions that were found to take it, before anything was sent. */
const kept = z.object({
  startedAt: z.number(),
  triedAt: z.number().optional(),
  usable: z.array(z.string()).default([]),
})

/** Machines of a kind may be out for hours. */
const longestTrial = 6 * 3600 * second

interface Given {
  readonly artifacts: ArtifactStore
  readonly cloud: Cloud
  readonly trials?: boolean
}

/**
 * Puts an image that passed its test into every region, private, and tries it there where the settings want it. While AWS imports
 * and copies, and while it starts, the job waits and holds nothing.
 */
export async function uploadTested(
  body: ImageTested,
  { artifacts, cloud, trials = false }: Given,
  context: Context & { readonly waited?: Waited },
) {
  const { drop, compose, image, verdict } = body
  if (verdict !== 'passed' || !image.targets.includes(target)) return []
  const now = context.now().getTime()
  const { startedAt, triedAt = now, usable } = kept.parse(context.waited ? context.waited.state : { startedAt: now })
  const order = await orderFor(body, artifacts, context.signal)
  const { bytes, ...placed } = await cloud.upload(order, context, { usable })
  if (placed.pending.length > 0) return { events: [], wait: waitForAws(startedAt, order.name, placed, context) }
  const { registrations, missing } = placed
  const trial = trials ? await cloud.tryOut(order, registrations, context) : null
  if (trial !== null) return { events: [], wait: waitForTrial({ startedAt, triedAt }, order.name, trial, context) }
  const seconds = (context.now().getTime() - startedAt) / second
  const places = { registrations: [...registrations], ...(missing.length === 0 ? {} : { missing: [...missing] }) }
  return [say(imageUploaded, { drop, compose, image, ...places, bytes, seconds })]
}

/** The longer it has taken, the longer until the next look. */
function waitForAws(
  startedAt: number,
  name: string,
  { pending, importing, usable }: Pick<Uploaded, 'pending' | 'importing' | 'usable'>,
  { now }: Context,
): WaitFor {
  const at = now().getTime()
  const taken = at - startedAt
  if (taken > longestWork) {
    const hours = String(Math.round(taken / 3600 / second))
    throw new PermanentError('stuck', `${name} has been on its way to ${pending.join(', ')} for ${hours} hours`)
  }
  const pause = Math.min(300 * second, Math.max(15 * second, taken / 4))
  return {
    for: null,
    until: new Date(at + pause),
    reason: importing ? 'AWS to import the disk' : 'copies to other regions',
    state: { startedAt, usable },
  }
}

function waitForTrial(
  state: { readonly startedAt: number; readonly triedAt: number },
  name: string,
  trial: string,
  { now }: Pick<Context, 'now'>,
): WaitFor {
  const at = now().getTime()
  const taken = at - state.triedAt
  if (taken > longestTrial) throw new PermanentError('capacity', `${name} could not be tried: ${trial}`)
  const pause = Math.min(120 * second, Math.max(20 * second, taken / 4))
  return { for: null, until: new Date(at + pause), reason: `the trial of the image: ${trial}`, state }
}
