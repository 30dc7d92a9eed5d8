import { createHash, getHashes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { pollUntil, type Pace } from '#publishing/wait.ts'
import { imageKey, type Registration } from '#events/vocabulary.ts'
import { PermanentError, TransientError } from '#service/errors.ts'
import { createImage, deleteImage, findImage, sendData, type Glance, type GlanceImage } from '#openstack/glance.ts'
import { target } from '../step.ts'
import { imageId } from './image-id.ts'
import { imageName } from '#publishing/image-name.ts'
import { digestProperty, dropProperty, imageProperties, tag } from './image-properties.ts'
import type { Order } from './order.ts'

interface Upload {
  readonly pace: Pace
  /** How long an image that somebody else has made may stand empty, in milliseconds. */
  readonly grace: number
  readonly onBytes: (count: number) => void
  readonly onPhase: (phase: string) => void
}

/** An image that was deleted and made again this often is not ours to fight for. */
const generations = 20
const gibibyte = 1024 ** 3

/** Puts an image into one cloud, private, with the data that Glance's own digest confirms. Looks first for what is there. */
export async function uploadImage(glance: Glance, order: Order, upload: Upload): Promise<Registration> {
  for (let generation = 0; generation < generations; generation += 1) {
    const id = imageId(order, generation)
    const origin = await findOrMake(glance, id, order, upload)
    // It was deleted once: the id is used up.
    if (origin === null) continue
    const image = await fill(glance, id, order, { ...upload, isMaker: origin === 'made' })
    if (image === null || !(await isWhole(image, order))) {
      upload.onPhase('removing what is not the image')
      await deleteImage(glance, id, upload.pace.signal)
      continue
    }
    const details = { sha512: image.os_hash_algo === 'sha512' ? (image.os_hash_value ?? '') : '' }
    return { target, emulated: false, place: glance.place, id, name: imageName(order), details }
  }
  throw new PermanentError(
    'refused',
    `${glance.place}: ${imageKey(order.image)} of ${order.drop} was made and removed ${String(generations)} times`,
  )
}

/** Where the image with this id comes from; null when there was one that is gone. Throws when it is others'. */
async function findOrMake(
  glance: Glance,
  id: string,
  order: Order,
  { onPhase, pace }: Upload,
): Promise<'found' | 'made' | null> {
  onPhase('looking for the image')
  if (await isOurs(glance, id, order, pace.signal)) return 'found'
  onPhase('making the image')
  const { image, diskSize, minRam } = order
  const made = await createImage(
    glance,
    {
      id,
      name: imageName(order),
      disk_format: 'qcow2',
      container_format: 'bare',
      visibility: 'private',
      min_disk: Math.ceil(diskSize / gibibyte),
      min_ram: minRam,
      tags: [tag, image.flavour],
      properties: imageProperties(order),
    },
    pace.signal,
  )
  if (made) return 'made'
  // Somebody else was quicker, or it was there once.
  return (await isOurs(glance, id, order, pace.signal)) ? 'found' : null
}

async function isOurs(glance: Glance, id: string, order: Order, signal: AbortSignal): Promise<boolean> {
  const image = await findImage(glance, id, signal)
  if (image === null) return false
  const project = await glance.session.project(signal)
  if (image.owner === project && image[dropProperty] === order.drop && image[digestProperty] === order.file.sha256)
    return true
  const found = `${String(image.name)} of project ${String(image.owner)}`
  throw new PermanentError('refused', `${glance.place}: ${id} is not ours: it is ${found}`)
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
const onTheWay = new Set(['saving', 'uploading', 'importing'])

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

/** Glance takes whatever it is given: its digest must be that of our file. */
async function isWhole(image: GlanceImage, { file, diskSize }: Order): Promise<boolean> {
  // A cloud that converts what it takes in has other bytes; the disk must still be as large.
  if (image.disk_format !== 'qcow2') return image.virtual_size === diskSize || image.size === diskSize
  if (image.size !== file.size || (typeof image.virtual_size === 'number' && image.virtual_size !== diskSize))
    return false
  const algorithm = image.os_hash_algo ?? ''
  if (!getHashes().includes(algorithm)) throw new TransientError(`${image.id} has no digest that we know: ${algorithm}`)
  const hash = createHash(algorithm)
  await pipeline(createReadStream(file.path, { highWaterMark: 1024 * 1024 }), hash)
  return hash.digest('hex') === image.os_hash_value
}
