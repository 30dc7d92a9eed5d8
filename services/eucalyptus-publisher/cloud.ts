import type { Progress } from '#bus/bus.ts'
import type { Registration } from '#events/vocabulary.ts'
import { all } from '#publishing/all.ts'
import { auditPlaces } from '#publishing/audit-places.ts'
import type { Pace } from '#publishing/wait.ts'
import type { AuditReport, ClaimedDrop } from '#service/audit.ts'
import { PermanentError } from '#service/errors.ts'
import { auditPlace } from './audit/audit-place.ts'
import { eucarc } from './config-file.ts'
import type { EucalyptusSettings } from './config.ts'
import type { OpenPlaces, Place } from './places.ts'
import { assertPublishable, publishImage } from './publish/publish-image.ts'
import { target } from './step.ts'
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
  /** Has the image in each cloud, registered and private; tells how many bytes of bundles were sent. */
  upload(
    order: Order,
    context: CloudContext,
  ): Promise<{ readonly registrations: Registration[]; readonly bytes: number }>
  /** Opens the images, all or none, and resolves when they are seen to be open. */
  publish(drop: string, registrations: readonly Registration[], context: CloudContext): Promise<void>
  /** Makes private what was open. Whether something is there still. */
  hide(drop: string, context: CloudContext): Promise<boolean>
  /** Removes images and bundles. */
  remove(drop: string, context: CloudContext): Promise<void>
  /** Compares every cloud with what drops claim, and mends what is ours to mend if told. */
  audit(drops: readonly ClaimedDrop[], context: CloudContext, how: { readonly repair: boolean }): Promise<AuditReport>
}

/** Names the clouds. */
const setting = 'IMAGEDROP_EUCALYPTUS_PUBLISHER_CLOUDS'

export function createClouds(openPlaces: OpenPlaces, settings: EucalyptusSettings): Clouds {
  const { compression } = settings
  const isEmulatedAt = (place: string) => settings.emulated && place === eucarc
  // What was in an emulator is not looked for in the cloud that came after it, by the same name.
  const isOfThisCloud = ({ place, emulated }: Registration) => emulated === isEmulatedAt(place)
  const paceOf = ({ signal }: CloudContext): Pace => ({
    every: settings.pollSeconds * 1000,
    patience: settings.patienceSeconds * 1000,
    signal,
  })
  return {
    async upload(order, context) {
      const places = openPlaces()
      const total = order.disk.size * places.length
      let done = 0
      let bytes = 0
      const registrations = await all(places, async ({ open }) => {
        const place = open()
        let phase = ''
        const tell = () => {
          context.progress({
            done: Math.min(done, total),
            total,
            unit: 'bytes',
            phase: `${place.wanted.place}: ${phase}`,
          })
        }
        const { id, name, location } = await uploadImage(place, order, {
          compression,
          pace: paceOf(context),
          onBytes(count) {
            done += count
            tell()
          },
          onSent(count) {
            bytes += count
          },
          onPhase(text) {
            phase = text
            tell()
          },
        })
        const isEmulated = isEmulatedAt(place.wanted.place)
        return { target, emulated: isEmulated, place: place.wanted.place, id, name, details: { location } }
      })
      return { registrations, bytes }
    },
    async publish(drop, registrations, context) {
      const places = openPlaces().map(({ open }) => open())
      const pairs = registrations.map((registration) => [placeOf(registration, places), registration] as const)
      const pace = paceOf(context)
      const images = await all(pairs, async ([place, registration]) => {
        return [place, await assertPublishable(place, drop, registration, pace)] as const
      })
      await all(images, ([place, image]) => publishImage(place, image, pace))
    },
    async hide(drop, { signal }) {
      const there = await all(openPlaces(), ({ open }) => hideDrop(open(), drop, signal))
      return there.includes(true)
    },
    async remove(drop, { signal }) {
      await all(openPlaces(), ({ open }) => removeDrop(open(), drop, signal))
    },
    async audit(drops, context, { repair }) {
      // Where no cloud is named any more, what still lies in one is what there is to tell.
      const places = settings.clouds.length === 0 ? [] : openPlaces()
      const sought = drops.map((drop) => ({ ...drop, registrations: drop.registrations.filter(isOfThisCloud) }))
      const pace = paceOf(context)
      const looks = places.map(({ place, open }) => ({
        place,
        look: async () => auditPlace(open(), { drops, sought, repair, pace }),
      }))
      return await auditPlaces(looks, { drops: sought, setting, signal: context.signal })
    },
  }
}

function placeOf({ place, id }: Registration, places: readonly Place[]): Place {
  const found = places.find(({ wanted }) => wanted.place === place)
  if (found) return found
  throw new PermanentError('environment', `${id} is in the cloud ${place}, which ${setting} does not name any more`)
}
