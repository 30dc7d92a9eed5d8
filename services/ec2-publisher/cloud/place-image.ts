import type { MissingPlace, Registration } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import { byPartition, type PartitionRegions } from '../aws/partitions.ts'
import { copyImage } from '../copy/copy-image.ts'
import { importPlaceOf } from '../imports/import-place.ts'
import { target } from '../step.ts'
import { assertNoObstacles } from '../preflight/assert-no-obstacles.ts'
import { findUnusable } from '../preflight/find-unusable.ts'
import { bootModeOf } from '../upload/boot-mode.ts'
import { openBlockLists } from '../upload/block-lists.ts'
import { readExtents } from '#disk/data-extents.ts'
import { findImage } from '../upload/register-image.ts'
import { settleImage } from '../upload/settle-image.ts'
import { bytesToRead } from '../upload/upload-blocks.ts'
import { uploadImage } from '../upload/upload-image.ts'
import type { CloudContext, Placing, Uploaded, UploadOrder } from '../cloud.ts'
import { settleAtOnce } from '../regions/at-once.ts'
import type { Connections } from '../regions/connections.ts'
import { isBestEffort, missingIn, missingUnlessNeeded } from '../regions/outcomes.ts'

/** What became of an image in one region; neither here nor failed, it is on its way. */
interface Placed {
  readonly place: string
  readonly registration?: Registration
  readonly bytes?: number
  readonly failed?: unknown
  readonly importing?: boolean
}

/** Sends an image to one region of each partition and has AWS copy it to the others, as `Cloud.upload` promises. */
export async function placeImage(
  connections: Connections,
  order: UploadOrder,
  context: CloudContext,
  { places, usable = [] }: Placing = {},
): Promise<Uploaded> {
  const { settings } = connections
  // Throws where it would be registered for a firmware that it was not tested by.
  bootModeOf(order, settings)
  const all = [...settings.regions, ...settings.bestEffortRegions]
  const wanted = all.filter((name) => places === undefined || places.includes(name))
  const unknown = wanted.filter((name) => !usable.includes(name))
  const closed = await findUnusable(connections, unknown, context.signal, async (region, sends) => {
    // Where the image is already, only what comes later can be refused.
    if ((await findImage(region, order)) === null) await assertNoObstacles(region, { sends, images: 1 }, settings)
  })
  // In regions that a drop needs, nothing is sent anywhere before all of them can take it.
  if (places === undefined) missingUnlessNeeded(closed, settings)
  const isOpen = (name: string) => closed.every(({ place }) => place !== name)
  const placed: Placed[] = closed.map(({ place, error }) => ({ place, failed: error }))
  for (const partition of await byPartition(all))
    placed.push(
      ...(await placeInPartition(connections, order, context, { ...partition, wanted: wanted.filter(isOpen) })),
    )
  const inOrder = placed.toSorted((one, other) => all.indexOf(one.place) - all.indexOf(other.place))
  return { ...summarize(inOrder, connections, places === undefined), usable: wanted.filter(isOpen) }
}

async function placeInPartition(
  connections: Connections,
  order: UploadOrder,
  context: CloudContext,
  { home, others, wanted }: PartitionRegions & { readonly wanted: readonly string[] },
): Promise<Placed[]> {
  const { settings, within } = connections
  const { signal, progress } = context
  const targets = others.filter((name) => wanted.includes(name))
  if (targets.length === 0 && !wanted.includes(home)) return []
  let source: Placed
  try {
    source = await (wanted.includes(home) ? send() : find())
  } catch (error) {
    signal.throwIfAborted()
    // Without an image there is nothing to copy.
    const left = wanted.includes(home) ? [home, ...targets] : targets
    return left.map((place) => ({ place, failed: error }))
  }
  const { id: imageId } = source.registration ?? {}
  // AWS still makes a snapshot of the disk: there is nothing to copy yet.
  if (imageId === undefined) return [source, ...targets.map((place) => ({ place }))]
  const copies = await settleAtOnce(targets, settings.copies, async (name): Promise<Placed> => {
    progress({ phase: `copying (${name})` })
    return await within(name, `copying ${order.name}`, signal, async (region) => {
      const image = await copyImage(region, order, { imageId, region: home }, settings.copyPatienceSeconds * 1000)
      return image ? { place: name, registration: await settleImage(region, order, image, settings) } : { place: name }
    })
  })
  signal.throwIfAborted()
  return [
    ...(wanted.includes(home) ? [source] : []),
    ...copies.map((copy, index) =>
      copy.status === 'fulfilled' ? copy.value : { place: targets[index] ?? '', failed: copy.reason as unknown },
    ),
  ]

  async function send() {
    const extents = await readExtents(order.disk.path, signal)
    const place = await importPlaceOf({ name: home }, settings)
    const total = place !== null ? order.disk.size : bytesToRead(extents, order.disk.size)
    let done = 0
    let phase = ''
    const tell = () => {
      progress({ phase: `${phase} (${home})`, done, total, unit: 'bytes' })
    }
    const onPhase = (next: string) => {
      phase = next
      tell()
    }
    const content = {
      extents,
      lists: openBlockLists(settings.blockLists, (what) => {
        onPhase(`uploading; ${what}`)
      }),
      settings,
      place,
      onPhase,
      onBytes(count: number) {
        done = Math.min(done + count, total)
        tell()
      },
    }
    const sent = await within(home, `uploading ${order.name}`, signal, (region) => uploadImage(region, order, content))
    return sent === null ? { place: home, importing: true } : { place: home, ...sent }
  }

  async function find() {
    return await within(home, `looking for ${order.name}`, signal, async (region) => {
      const image = await findImage(region, order)
      if (image === null) throw new PermanentError('environment', `${order.name} is not in ${home} any more`)
      return { place: home, registration: await settleImage(region, order, image, settings) }
    })
  }
}

/** In the first try a drop waits for the regions that it needs; later ones only fill in. */
function summarize(placed: readonly Placed[], { settings }: Connections, isFirst: boolean): Omit<Uploaded, 'usable'> {
  const failures = placed.flatMap(({ place, failed }) => (failed === undefined ? [] : [{ place, error: failed }]))
  const underway = placed.filter((one) => one.registration === undefined && one.failed === undefined)
  const pending = isFirst ? underway.filter(({ place }) => !isBestEffort(place, settings)) : []
  const later: MissingPlace[] = underway
    .filter((one) => !pending.includes(one))
    .map(({ place }) => ({ target, place, reason: 'it is still on its way there' }))
  const missing = isFirst ? missingUnlessNeeded(failures, settings) : missingIn(failures)
  return {
    registrations: placed.flatMap(({ registration }) => registration ?? []),
    missing: [...missing, ...later],
    pending: pending.map(({ place }) => place),
    importing: pending.some(({ importing }) => importing === true),
    bytes: placed.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
  }
}
