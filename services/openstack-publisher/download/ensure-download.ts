import { imageKey, type Registration } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import {
  deleteImage,
  findImage,
  importImage,
  whyImportFailed,
  type Glance,
  type GlanceImage,
} from '#openstack/glance.ts'
import { findOrMake } from '../upload/find-or-make.ts'
import { imageId } from '../upload/image-id.ts'
import { isWhole } from '../upload/is-whole.ts'
import type { Order } from '../upload/order.ts'
import { registrationOf } from '../upload/registration.ts'
import { generations, onTheWay } from '../upload/upload-image.ts'

/** An image that a cloud is to fetch. */
export interface DownloadOrder extends Order {
  /** Where the cloud finds the qcow2. */
  readonly url: string
}

interface Download {
  /** This is not the first look: an import that has failed is not tried again. */
  readonly again: boolean
  readonly signal: AbortSignal
}

/**
 * Finds the image of an order, or has the cloud fetch it, private; null while it is on its way. What it has fetched counts when
 * Glance's own digest is that of our file. Throws PermanentError with the cloud's reason when it could not.
 */
export async function ensureDownload(
  glance: Glance,
  order: DownloadOrder,
  { again, signal }: Download,
): Promise<Registration | null> {
  for (let generation = 0; generation < generations; generation += 1) {
    const id = imageId(order, generation)
    const origin = await findOrMake(glance, id, order, { onPhase: () => {}, signal })
    if (origin === null) continue
    const image = await findImage(glance, id, signal)
    // Removed just now: the id is used up.
    if (image === null) continue
    if (image.status === 'active') return await whole(glance, image, order, signal)
    if (image.status === 'queued') await fetchInto(glance, image, order, { again, signal })
    else if (!onTheWay.has(image.status))
      throw new PermanentError('refused', `${glance.place}: ${id} is ${image.status}`)
    return null
  }
  throw new PermanentError(
    'refused',
    `${glance.place}: ${imageKey(order.image)} of ${order.drop} was made and removed ${String(generations)} times`,
  )
}

/** To its users Glance says little more than that it failed. */
const advice = 'can the cloud reach that address? Glance’s own log has the reason'

/** An import that failed leaves its image empty as one that never began; only a property tells them apart. */
async function fetchInto(glance: Glance, image: GlanceImage, { url }: DownloadOrder, { again, signal }: Download) {
  if (again && image.os_glance_import_task !== undefined) return
  if (again && (image.os_glance_failed_import ?? '') !== '') {
    const why = await whyImportFailed(glance, image.id, signal)
    throw new PermanentError('refused', `${glance.place}: ${image.id} from ${url}: ${why} (${advice})`)
  }
  await importImage(glance, image.id, url, signal)
}

async function whole(
  glance: Glance,
  image: GlanceImage,
  order: DownloadOrder,
  signal: AbortSignal,
): Promise<Registration> {
  if (await isWhole(image, order)) return registrationOf(glance, image, order)
  await deleteImage(glance, image.id, signal)
  throw new PermanentError('refused', `${glance.place}: what it fetched from ${order.url} is not the image`)
}
