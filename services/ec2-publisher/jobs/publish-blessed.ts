import { z } from 'zod'
import type { ArtifactStore } from '#artifacts/store.ts'
import { say } from '#events/define.ts'
import type { DropBlessed } from '#events/drop-blessed.ts'
import { imagePublished } from '#events/image-published.ts'
import { imageKey, type DropImage, type MissingPlace, type Registration } from '#events/vocabulary.ts'
import type { Context, Waited, WaitFor } from '#service/define.ts'
import type { Cloud } from '../cloud.ts'
import { target } from '../step.ts'
import { orderFor, registrationsOf } from './image-order.ts'

const minute = 60_000
const shortestPause = 15 * minute
const longestPause = 360 * minute

/** Where each image was missing when it was last told, and how often was looked. */
const kept = z.object({ told: z.record(z.string(), z.array(z.string())), looks: z.int() })
type Kept = z.infer<typeof kept>

interface Given {
  readonly artifacts: ArtifactStore
  readonly cloud: Cloud
}

/** An image, where it is public, and where it is still missing. */
interface Placement {
  readonly one: DropImage
  readonly registrations: readonly Registration[]
  readonly missing: readonly MissingPlace[]
}

/**
 * Makes the images of a blessed drop public and says so. Where one is missing in a region that the drop does not wait for,
 * the job goes on to look from time to time, fills it in, and says so again; the end of the drop ends it.
 */
export async function publishBlessed(body: DropBlessed, given: Given, context: Context & { readonly waited?: Waited }) {
  const wanted = body.images.filter((one) => one.outcome === 'passed' && registrationsOf(one).length > 0)
  if (wanted.length === 0) return []
  const before: Kept | null = context.waited ? kept.parse(context.waited.state) : null
  const known: Placement[] = []
  for (const one of wanted) known.push(before === null ? asBlessed(one) : await fillIn(body, one, given, context))
  const { registrations, missing } = await given.cloud.publish(
    known.flatMap((each) => each.registrations),
    context,
  )
  const placements = known.map((each) => afterPublication(each, registrations, missing))
  const events = placements
    .filter((each) => before === null || hasChanged(each, before))
    .map((each) => sayPublished(body, each))
  const told = Object.fromEntries(placements.map(({ one, missing: left }) => [imageKey(one.image), placesOf(left)]))
  if (placements.every((each) => each.missing.length === 0)) return events
  return { events, wait: waitForRegions({ told, looks: (before?.looks ?? 0) + 1 }, context) }
}

function asBlessed(one: DropImage): Placement {
  return { one, registrations: registrationsOf(one), missing: missingOf(one) }
}

/** Puts an image where it was missing when the drop was blessed. A drop of before disks were told has nothing to fill in from. */
async function fillIn(
  { drop, compose }: DropBlessed,
  one: DropImage,
  { artifacts, cloud }: Given,
  context: Context,
): Promise<Placement> {
  const blessed = asBlessed(one)
  const disk = one.evidence?.disk
  if (disk === undefined || blessed.missing.length === 0) return blessed
  const order = await orderFor({ drop, compose, image: one.image, disk }, artifacts, context.signal)
  const { registrations, missing } = await cloud.upload(order, context, placesOf(blessed.missing))
  return { one, registrations: [...blessed.registrations, ...registrations], missing }
}

function afterPublication(
  { one, registrations, missing }: Placement,
  open: readonly Registration[],
  closed: readonly MissingPlace[],
): Placement {
  const isOpen = ({ id, place }: Registration) => open.some((each) => each.id === id && each.place === place)
  const left = closed.filter(({ place }) => registrations.some((each) => each.place === place))
  return { one, registrations: registrations.filter(isOpen), missing: [...missing, ...left] }
}

function hasChanged({ one, missing }: Placement, { told }: Kept): boolean {
  const before = told[imageKey(one.image)] ?? []
  return before.length !== missing.length || missing.some(({ place }) => !before.includes(place))
}

function sayPublished({ drop, compose }: DropBlessed, { one, registrations, missing }: Placement) {
  const places = { registrations: [...registrations], ...(missing.length === 0 ? {} : { missing: [...missing] }) }
  return say(imagePublished, { drop, compose, image: one.image, ...places })
}

function waitForRegions(state: Kept, { now }: Context): WaitFor {
  const pause = Math.min(longestPause, shortestPause * 2 ** (state.looks - 1))
  return { for: null, until: new Date(now().getTime() + pause), reason: 'regions where the image is missing', state }
}

function missingOf({ missing = [] }: DropImage): MissingPlace[] {
  return missing.filter((one) => one.target === target)
}

function placesOf(missing: readonly MissingPlace[]): string[] {
  return missing.map(({ place }) => place)
}
