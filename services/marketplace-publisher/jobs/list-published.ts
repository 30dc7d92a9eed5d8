import { z } from 'zod'
import { say } from '#events/define.ts'
import type { DropPublished } from '#events/drop-published.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imagePublished } from '#events/image-published.ts'
import { imageUploaded } from '#events/image-uploaded.ts'
import { failure, imageKey, type DropImage } from '#events/vocabulary.ts'
import type { WaitFor } from '#service/define.ts'
import { PermanentError } from '#service/errors.ts'
import type { Cloud, Standing, VersionOrder } from '../cloud.ts'
import { orderVersion, type Reason } from '../list/order-version.ts'
import { step } from '../step.ts'
import { imagesToList, type Given, type JobContext } from './given.ts'
import { registrationOf } from './registration.ts'

/** By image: what was told of it, why it failed when it did, and what had failed before this job. */
const keptImage = z.object({
  told: z.string().nullable(),
  failure: failure.pick({ class: true, reason: true }).nullable(),
  past: z.array(z.string()),
})
const kept = z.record(z.string(), keptImage)
type KeptImage = z.infer<typeof keptImage>

/** Whether there is nothing more to wait for. What waits for a person's word waits for ever where no person blessed the drop. */
function isEnd(told: string | null, { by }: Pick<DropPublished, 'by'>): boolean {
  return told === 'live' || told === 'refused' || (told === 'validated' && by === 'policy')
}

/**
 * Takes each image one step on to being a version that buyers see, says what has changed, and waits while AWS is at it,
 * holding nothing. It is applied only when the listings say so and a person blessed the drop, whose name the scheduler has
 * from the transport; else it is validated alone.
 */
export async function listPublished(body: DropPublished, given: Given, context: JobContext) {
  const listings = given.listings()
  const apply = listings.apply && body.by !== 'policy'
  const before = context.waited ? kept.parse(context.waited.state) : {}
  const state: Record<string, KeptImage> = { ...before }
  const events = []
  for (const one of imagesToList(body)) {
    const key = imageKey(one.image)
    const known = before[key]
    if (known && isEnd(known.told, body)) continue
    const order = orderVersion({ ...body, one }, { listings, emulated: given.emulated })
    const { standing, past } = await standingOf(order, known?.past ?? null, { apply, cloud: given.cloud }, context)
    context.log.info({ image: key, standing }, 'standing')
    if (standing.state === known?.told) {
      state[key] = { ...known, past: [...past] }
      continue
    }
    state[key] = { told: standing.state, failure: failureIn(standing), past: [...past] }
    events.push(...tell(body, one, { order, standing, emulated: given.emulated }))
  }
  const open = Object.entries(state).filter(([, { told }]) => !isEnd(told, body))
  if (open.length > 0) return { events, wait: waitFor(Object.fromEntries(open), state, given, context) }
  // A job counts as failed, so that it can be taken up again, by what it says last.
  const earlier = imagesToList(body).filter(({ image }) => before[imageKey(image)]?.failure)
  return [...events, ...earlier.flatMap((one) => tellFailure(body, one, before[imageKey(one.image)]?.failure ?? null))]
}

async function standingOf(
  order: VersionOrder | Reason,
  past: readonly string[] | null,
  { apply, cloud }: { readonly apply: boolean; readonly cloud: Cloud },
  context: JobContext,
) {
  if ('reason' in order) return { standing: { state: 'refused', ...order } as Standing, past: past ?? [] }
  return await cloud.list(order, { apply, past }, context)
}

/** What others are to know: that it is with AWS, that it is there, or that it cannot be. */
function tell(
  body: DropPublished,
  one: DropImage,
  {
    order,
    standing,
    emulated,
  }: { readonly order: VersionOrder | Reason; readonly standing: Standing; readonly emulated: boolean },
) {
  if (standing.state === 'refused') return tellFailure(body, one, standing)
  if (standing.state === 'queued' || standing.state === 'validating' || 'reason' in order) return []
  const { drop, compose } = body
  const placed = { drop, compose, image: one.image, registrations: [registrationOf(order, standing, emulated)] }
  return standing.state === 'live'
    ? [say(imagePublished, placed)]
    : [say(imageUploaded, { ...placed, bytes: 0, seconds: 0 })]
}

function tellFailure({ drop, compose }: DropPublished, { image }: DropImage, failed: Reason | null) {
  if (failed === null) return []
  const { class: failureClass, reason } = failed
  return [
    say(imageFailed, { drop, compose, image, failure: { step: step.service, class: failureClass, reason, log: null } }),
  ]
}

function failureIn(standing: Standing): Reason | null {
  return standing.state === 'refused' ? { class: standing.class, reason: standing.reason } : null
}

function waitFor(
  open: Readonly<Record<string, KeptImage>>,
  state: Readonly<Record<string, KeptImage>>,
  { lookSeconds, reviewDays }: Given,
  { now, waited }: JobContext,
): WaitFor {
  const isReviewed = Object.values(open).every(({ told }) => told === 'validated')
  const since = waited?.since ?? now()
  if (!isReviewed && now().getTime() - since.getTime() > reviewDays * 24 * 3_600_000) {
    const left = Object.entries(open).map(([image, { told }]) => `${image} is ${String(told)}`)
    throw new PermanentError('stuck', `after ${String(reviewDays)} days, ${left.join(', ')}`)
  }
  return {
    for: null,
    until: new Date(now().getTime() + lookSeconds * 1000),
    reason: isReviewed ? 'the listings to say that versions are applied' : 'the Marketplace to take the versions',
    state,
  }
}
