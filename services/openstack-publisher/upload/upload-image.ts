import { pollUntil, type Pace } from '#publishing/wait.ts'
import { imageKey, type Registration } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import { deleteImage, findImage, sendData, type Glance, type GlanceImage } from '#openstack/glance.ts'
import { findOrMake } from './find-or-make.ts'
import { imageId } from './image-id.ts'
import { isWhole } from './is-whole.ts'
import type { Order } from './order.ts'
import { registrationOf } from './registration.ts'

interface Upload {
  readonly pace: Pace
  /** How long an image that somebody else has made may stand empty, in milliseconds. */
  readonly grace: number
  readonly onBytes: (count: number) => void
  readonly onPhase: (phase: string) => void
}

/** An image that was deleted and made again this often is not ours to fight for. */
export const generations = 20

/** Puts an image into one cloud, private, with the data that Glance's own digest confirms. Looks first for what is there. */
export async function uploadImage(glance: Glance, order: Order, upload: Upload): Promise<Registration> {
  for (let generation = 0; generation < generations; generation += 1) {
    const id = imageId(order, generation)
    const origin = await findOrMake(glance, id, order, { ...upload, signal: upload.pace.signal })
    // It was deleted once: the id is used up.
    if (origin === null) continue
    const image = await fill(glance, id, order, { ...upload, isMaker: origin === 'made' })
    if (image === null || !(await isWhole(image, order))) {
      upload.onPhase('removing what is not the image')
      await deleteImage(glance, id, upload.pace.signal)
      continue
    }
    return registrationOf(glance, image, order)
  }
  throw new PermanentError(
    'refused',
    `${glance.place}: ${imageKey(order.image)} of ${order.drop} was made and removed ${String(generations)} times`,
  )
}

/**
 * The image when it is active; null when it never will be. Who made it sends its data. Others do so only when it has stood
 * empty for a while: of two that send at once, Glance lets the later one spoil what the first has sent.
 */
async function fill(
  glance: Glance,
  id: string,
  order: Order,
  { onBytes, onPhase, pace, grace, isMaker }: Upload & { readonly isMaker: boolean },
): Promise<GlanceImage | null> {
  for (let empty = isMaker ? 0 : grace; ; empty = grace) {
    const image = await settled(glance, id, empty, pace)
    if (image?.status === 'deactivated')
      throw new PermanentError('refused', `${glance.place}: ${id} was deactivated by an administrator`)
    if (image?.status !== 'queued') return image?.status === 'active' ? image : null
    onPhase('sending')
    let sent = 0
    const count = (bytes: number) => {
      sent += bytes
      onBytes(bytes)
    }
    // When it is not taken, another process has sent it, or is at it, or it is gone.
    if (!(await sendData(glance, id, order.file, count, pace.signal))) onBytes(-sent)
    onPhase('waiting for the image')
  }
}

/** While data comes in. An upload that was cut off, or an import that failed, goes back to `queued`. */
export const onTheWay: ReadonlySet<string> = new Set(['saving', 'uploading', 'importing'])

/** The image when no data is coming in any more, or it has been empty for so many milliseconds; null when it is gone. */
async function settled(glance: Glance, id: string, empty: number, pace: Pace): Promise<GlanceImage | null> {
  let since = performance.now()
  let updated: string | null = null
  const seen = await pollUntil<{ readonly image: GlanceImage | null }>(
    `${glance.place}: the data of ${id} taken in`,
    async () => {
      const image = await findImage(glance, id, pace.signal)
      if (image !== null && onTheWay.has(image.status)) return null
      if (image?.status !== 'queued') return { image }
      if (image.updated_at !== updated) since = performance.now()
      updated = image.updated_at
      return performance.now() - since >= empty ? { image } : null
    },
    pace,
  )
  return seen.image
}
