import { z } from 'zod'
import type { ArtifactStore } from '#artifacts/store.ts'
import { say } from '#events/define.ts'
import type { DropBlessed } from '#events/drop-blessed.ts'
import { imagePublished } from '#events/image-published.ts'
import { imageKey, registration, type DropImage, type MissingPlace, type Registration } from '#events/vocabulary.ts'
import type { Context, Waited, WaitFor } from '#service/define.ts'
import type { Cloud } from '../cloud.ts'
import { target } from '../step.ts'
import { newestName, orderFor, registrationsOf } from './image-order.ts'

const minute = 60_000
const shortestPause = 15 * minute
const longestPause = 360 * minute

/** Where each image was missing when it was last told, what was filled in since the blessing, and how often was looked. */
const kept = z.object({
  told: z.record(z.string(), z.array(z.string())),
  filled: z.record(z.string(), z.array(registration)),
  looks: z.int(),
  /** Parameters name what they should; so they do in what an earlier version kept. */
  isNamed: z.boolean().default(true),
})
type Kept = z.infer<typeof kept>

interface Given {
  readonly artifacts: ArtifactStore
  readonly cloud: Cloud
  readonly watchHours?: number
  readonly protectFinal?: boolean
}

/** An image, where it is public, and where it is still missing. */
interface Placement {
  readonly one: DropImage
  readonly registrations: readonly Registration[]
  readonly missing: readonly MissingPlace[]
  /** Those that were not there when the drop was blessed. */
  readonly filled: readonly Registration[]
}

interface Placements {
  readonly images: readonly Placement[]
  /** Why parameters do not name them. */
  readonly unnamed: readonly string[]
}

/**
 * Makes the images of a blessed drop public and says so. Then the job goes on to look: soon, where one is missing in a
 * region that the drop does not wait for, which it fills in; now and then, whether all are still public, as AWS closes old
 * images by itself. It says so when something has changed. The end of the drop ends it.
 */
export async function publishBlessed(body: DropBlessed, given: Given, context: Context & { readonly waited?: Waited }) {
  const wanted = body.images.filter((one) => one.outcome === 'passed' && registrationsOf(one).length > 0)
  if (wanted.length === 0) return []
  if (context.waited === undefined) {
    const placements = await makePublic(body, wanted.map(asBlessed), given, context)
    return told(body, placements, { events: placements.images, looks: 1 }, given, context)
  }
  const before = kept.parse(context.waited.state)
  try {
    const known: Placement[] = []
    for (const one of wanted) known.push(await fillIn(body, one, before, given, context))
    const placements = await makePublic(body, known, given, context)
    const changed = placements.images.filter((each) => hasChanged(each, before))
    return told(body, placements, { events: changed, looks: before.looks + 1 }, given, context)
  } catch (error) {
    context.signal.throwIfAborted()
    // The drop is published: a look that fails is no failure of it.
    context.log.warn({ err: error, drop: body.drop }, 'failed to look')
    return { events: [], wait: waitForLook({ ...before, looks: before.looks + 1 }, given, context) }
  }
}

async function makePublic(
  body: DropBlessed,
  known: readonly Placement[],
  { cloud, protectFinal = false }: Given,
  context: Context & { readonly waited?: Waited },
): Promise<Placements> {
  const how = {
    protect: protectFinal && body.milestone === 'Final',
    again: context.waited !== undefined,
    newest: known.map(({ one: { image }, registrations }) => ({
      name: newestName(body, image),
      compose: body.compose.id,
      registrations,
    })),
  }
  const all = known.flatMap((each) => each.registrations)
  const { registrations, missing, unnamed } = await cloud.publish(all, context, how)
  return { images: known.map((each) => afterPublication(each, registrations, missing)), unnamed }
}

/** Says what is to be said, and waits for the next look if there is to be one. */
function told(
  body: DropBlessed,
  { images, unnamed }: Placements,
  { events, looks }: { readonly events: readonly Placement[]; readonly looks: number },
  given: Given,
  context: Context,
) {
  // An image that is public nowhere any more cannot be said to be public; the log has it.
  const said = events.filter((each) => each.registrations.length > 0).map((each) => sayPublished(body, each))
  const isWhole = unnamed.length === 0 && images.every((each) => each.missing.length === 0)
  if (isWhole && (given.watchHours ?? 0) === 0) return said
  const places = Object.fromEntries(images.map(({ one, missing }) => [imageKey(one.image), placesOf(missing)]))
  const filled = Object.fromEntries(images.map((each) => [imageKey(each.one.image), [...each.filled]]))
  const state: Kept = { told: places, filled, looks: isWhole ? 0 : looks, isNamed: unnamed.length === 0 }
  if (unnamed.length > 0) context.log.warn({ drop: body.drop, unnamed }, 'not named as the newest')
  for (const { one, missing } of images)
    if (missing.length > 0) context.log.warn({ drop: body.drop, image: imageKey(one.image), missing }, 'missing')
  return { events: said, wait: waitForLook(state, given, context) }
}

function asBlessed(one: DropImage): Placement {
  return { one, registrations: registrationsOf(one), missing: missingOf(one), filled: [] }
}

/**
 * Puts an image where it was missing when the drop was blessed, once: what somebody has removed since is not made again. A
 * drop of before disks were told has nothing to fill in from.
 */
async function fillIn(
  { drop, compose }: DropBlessed,
  one: DropImage,
  before: Kept,
  { artifacts, cloud }: Given,
  context: Context,
): Promise<Placement> {
  const earlier = before.filled[imageKey(one.image)] ?? []
  const left = missingOf(one).filter(({ place }) => earlier.every((each) => each.place !== place))
  const known = [...registrationsOf(one), ...earlier]
  const disk = one.evidence?.disk
  if (disk === undefined || left.length === 0) return { one, registrations: known, missing: left, filled: earlier }
  const { boots } = one.evidence ?? {}
  const order = await orderFor({ drop, compose, image: one.image, disk, boots }, artifacts, context.signal)
  const { registrations, missing } = await cloud.upload(order, context, { places: placesOf(left) })
  return { one, registrations: [...known, ...registrations], missing, filled: [...earlier, ...registrations] }
}

function afterPublication(
  { one, registrations, missing, filled }: Placement,
  open: readonly Registration[],
  closed: readonly MissingPlace[],
): Placement {
  const isOpen = ({ id, place }: Registration) => open.some((each) => each.id === id && each.place === place)
  const left = closed.filter(({ place }) => registrations.some((each) => each.place === place))
  return { one, registrations: registrations.filter(isOpen), missing: [...missing, ...left], filled }
}

function hasChanged({ one, missing }: Placement, { told }: Kept): boolean {
  const before = told[imageKey(one.image)] ?? []
  return before.length !== missing.length || missing.some(({ place }) => !before.includes(place))
}

function sayPublished({ drop, compose }: DropBlessed, { one, registrations, missing }: Placement) {
  const places = { registrations: [...registrations], ...(missing.length === 0 ? {} : { missing: [...missing] }) }
  return say(imagePublished, { drop, compose, image: one.image, ...places })
}

/** Soon and then more seldom while something is missing, else as often as is watched. */
function waitForLook(state: Kept, { watchHours = 0 }: Given, { now }: Context): WaitFor {
  const isWhole = state.isNamed && Object.values(state.told).every((places) => places.length === 0)
  const watch = watchHours === 0 ? longestPause : watchHours * 60 * minute
  const pause = isWhole ? watch : Math.min(longestPause, watch, shortestPause * 2 ** Math.max(0, state.looks - 1))
  const until = new Date(now().getTime() + pause)
  if (isWhole) return { for: null, until, reason: 'the next look at what is public', kind: 'planned', state }
  return { for: null, until, reason: 'regions where the image is missing, or not named as the newest', state }
}

function missingOf({ missing = [] }: DropImage): MissingPlace[] {
  return missing.filter((one) => one.target === target)
}

function placesOf(missing: readonly MissingPlace[]): string[] {
  return missing.map(({ place }) => place)
}
