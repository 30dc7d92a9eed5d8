import type { Registration } from '#events/vocabulary.ts'
import type { Progress } from '#bus/bus.ts'
import { all } from '#publishing/all.ts'
import { auditPlaces } from '#publishing/audit-places.ts'
import type { Pace } from '#publishing/wait.ts'
import type { AuditReport, ClaimedDrop } from '#service/audit.ts'
import { PermanentError } from '#service/errors.ts'
import { auditPlace } from './audit/audit-place.ts'
import type { OpenPlaces, Place } from './places.ts'
import type { OpenstackSettings } from './config.ts'
import { ensureDownload, type DownloadOrder } from './download/ensure-download.ts'
import { assertPublishable, publishImage } from './publish/publish-images.ts'
import type { Order } from './upload/order.ts'
import { uploadImage } from './upload/upload-image.ts'
import { hideDrop, removeDrop } from './withdraw/withdraw-drop.ts'

/** What a job hands to the clouds' operations. */
export interface CloudContext {
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
}

/**
 * What we ask of all clouds together. Each operation may be cut off at any instruction and asked again, also while
 * another process is at it. Throws TransientError, PermanentError. A cloud that fails holds up no other: its error is
 * thrown when all have ended.
 */
export interface Clouds {
  upload(order: Order, context: CloudContext): Promise<Registration[]>
  /** Names of the clouds that fetch images from the open mirror by themselves. */
  readonly downloading: readonly string[]
  /**
   * Has those clouds fetch the images, private, and gives the registrations of each order. Null: some are still on their
   * way. `again`: this is not the first look.
   */
  download(
    orders: readonly DownloadOrder[],
    context: CloudContext & { readonly again: boolean },
  ): Promise<readonly (readonly Registration[])[] | null>
  /** Opens the images, all or none, and resolves when they are seen to be open. */
  publish(drop: string, registrations: readonly Registration[], context: CloudContext): Promise<void>
  /** Hides what was public and removes what was not. Whether something is hidden now. */
  hide(drop: string, registrations: readonly Registration[], context: CloudContext): Promise<boolean>
  remove(drop: string, registrations: readonly Registration[], context: CloudContext): Promise<void>
  /** Compares every cloud with what drops claim, and mends what is ours to mend if told. */
  audit(drops: readonly ClaimedDrop[], context: CloudContext, how: { readonly repair: boolean }): Promise<AuditReport>
}

/** Names the clouds. */
const setting = 'IMAGEDROP_OPENSTACK_PUBLISHER_CLOUDS'

export function createClouds(openPlaces: OpenPlaces, settings: OpenstackSettings): Clouds {
  const paceOf = ({ signal }: CloudContext): Pace => ({
    every: settings.pollSeconds * 1000,
    patience: settings.patienceSeconds * 1000,
    signal,
  })
  return {
    downloading: settings.clouds.filter(({ downloads }) => downloads).map(({ place }) => place),
    async upload(order, context) {
      const places = (await openPlaces()).filter(({ wanted }) => !wanted.downloads)
      const total = order.file.size * places.length
      let done = 0
      return await all(places, async (place) => {
        let phase = ''
        const tell = () => {
          context.progress({ done, total, unit: 'bytes', phase: `${place.place}: ${phase}` })
        }
        return await uploadImage(place, order, {
          pace: paceOf(context),
          grace: settings.graceSeconds * 1000,
          onBytes(count) {
            done += count
            tell()
          },
          onPhase(text) {
            phase = text
            tell()
          },
        })
      })
    },
    async download(orders, context) {
      const places = (await openPlaces()).filter(({ wanted }) => wanted.downloads)
      const pairs = orders.flatMap((order) => places.map((place) => ({ order, place })))
      const fetched = await all(pairs, async ({ order, place }) => {
        return { order, place, registration: await ensureDownload(place, order, context) }
      })
      const done = fetched.filter(({ registration }) => registration !== null).length
      context.progress({ phase: 'the clouds fetch', done, total: fetched.length })
      if (done < fetched.length) return null
      return orders.map((order) => fetched.flatMap((one) => (one.order === order ? (one.registration ?? []) : [])))
    },
    async publish(drop, registrations, context) {
      const places = await openPlaces()
      const pairs = registrations.map((registration) => [placeOf(registration, places), registration] as const)
      const pace = paceOf(context)
      const images = await all(pairs, async ([place, registration]) => {
        return [place, await assertPublishable(place, drop, registration, pace)] as const
      })
      await all(images, ([place, image]) => publishImage(place, image, pace))
    },
    async hide(drop, registrations, { signal }) {
      const hidden = await all(await openPlaces(), (place) => hideDrop(place, drop, registrations, signal))
      return hidden.includes(true)
    },
    async remove(drop, registrations, { signal }) {
      await all(await openPlaces(), (place) => removeDrop(place, drop, registrations, signal))
    },
    async audit(drops, context, { repair }) {
      // Where no cloud is named any more, what still lies in one is what there is to tell.
      const places = settings.clouds.length === 0 ? [] : await openPlaces()
      const pace = paceOf(context)
      const looks = places.map((one) => ({ place: one.place, look: () => auditPlace(one, drops, { repair, pace }) }))
      return await auditPlaces(looks, { drops, setting, signal: context.signal })
    },
  }
}

function placeOf({ place, id }: Registration, places: readonly Place[]): Place {
  const found = places.find((one) => one.place === place)
  if (found) return found
  throw new PermanentError('environment', `${id} is in the cloud ${place}, which ${setting} does not name any more`)
}
