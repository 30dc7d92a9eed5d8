import type { Progress } from '#bus/bus.ts'
import type { Registration } from '#events/vocabulary.ts'
import { all } from '#publishing/all.ts'
import type { Pace } from '#publishing/wait.ts'
import { PermanentError } from '#service/errors.ts'
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
}

export function createClouds(openPlaces: OpenPlaces, settings: EucalyptusSettings): Clouds {
  const { compression, emulated } = settings
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
      const registrations = await all(places, async (open) => {
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
        const isEmulated = emulated && place.wanted.place === eucarc
        return { target, emulated: isEmulated, place: place.wanted.place, id, name, details: { location } }
      })
      return { registrations, bytes }
    },
    async publish(drop, registrations, context) {
      const places = openPlaces().map((open) => open())
      const pairs = registrations.map((registration) => [placeOf(registration, places), registration] as const)
      const pace = paceOf(context)
      const images = await all(pairs, async ([place, registration]) => {
        return [place, await assertPublishable(place, drop, registration, pace)] as const
      })
      await all(images, ([place, image]) => publishImage(place, image, pace))
    },
    async hide(drop, { signal }) {
      const there = await all(openPlaces(), (open) => hideDrop(open(), drop, signal))
      return there.includes(true)
    },
    async remove(drop, { signal }) {
      await all(openPlaces(), (open) => removeDrop(open(), drop, signal))
    },
  }
}

function placeOf({ place, id }: Registration, places: readonly Place[]): Place {
  const found = places.find(({ wanted }) => wanted.place === place)
  if (found) return found
  throw new PermanentError(
    'environment',
    `${id} is in the cloud ${place}, which IMAGEDROP_EUCALYPTUS_PUBLISHER_CLOUDS does not name any more`,
  )
}
