import { imageKey } from '#events/vocabulary.ts'
import { imageName, legalName } from '#publishing/image-name.ts'
import { pollUntil, type Pace } from '#publishing/wait.ts'
import { PermanentError } from '#service/errors.ts'
import { deregisterImage, listImages, registerImage, tagImage, type Image } from '../api/images.ts'
import { removeObjects } from '../api/remove-objects.ts'
import type { Place } from '../places.ts'
import { isWhole } from './is-whole.ts'
import { architectureOf, type Order } from './order.ts'
import { bundleOf, isOfDrop, isOfOrder, placeOfBundle } from './place-of-bundle.ts'
import { uploadBundle } from './upload-bundle.ts'

interface Upload {
  readonly compression: number
  readonly pace: Pace
  readonly onBytes: (count: number) => void
  readonly onSent: (count: number) => void
  readonly onPhase: (phase: string) => void
}

/** A bundle that was removed this often while we were at it is not ours to fight for. */
const tries = 3

/** What an image is known by besides its name. */
export interface Uploaded {
  readonly id: string
  readonly name: string
  readonly location: string
}

/** Has an image in one cloud, registered from a whole bundle and private. Looks first for what is there. */
export async function uploadImage(place: Place, order: Order, upload: Upload): Promise<Uploaded> {
  const { compute, bucket } = place
  const { signal } = upload.pace
  const name = nameOf(order)
  for (let tried = 0; tried < tries; tried += 1) {
    upload.onPhase('looking for the image')
    const image = (await findOurs(place, order, name, signal)) ?? (await makeImage(place, order, name, upload))
    upload.onPhase('looking at the bundle')
    const manifest = image.location.slice(bucket.name.length + 1)
    if (await isWhole(bucket, manifest, order.disk.size, signal)) {
      await tagImage(compute, image.id, tagsOf(order), signal)
      return { id: image.id, name, location: image.location }
    }
    upload.onPhase('removing what has lost its bundle')
    await deregisterImage(compute, image.id, signal)
  }
  throw new PermanentError(
    'refused',
    `${compute.connection.place}: the bundle of ${imageKey(order.image)} of ${order.drop} was removed ${String(tries)} times`,
  )
}

async function makeImage(place: Place, order: Order, name: string, upload: Upload): Promise<Image> {
  const { compute, bucket } = place
  const { compression, pace, onPhase } = upload
  const architecture = architectureOf(order.image.architecture)
  if (architecture === null)
    throw new PermanentError('environment', `Eucalyptus runs no ${order.image.architecture}: ${imageKey(order.image)}`)
  const keys = await place.keys(pace.signal)
  const at = placeOfBundle(order, keys, compression)
  await uploadBundle(place, order, keys, at, upload)
  onPhase('registering the image')
  const description = `${imageKey(order.image)} of ${order.drop}`
  const location = `${bucket.name}/${at.manifest}`
  await registerImage(compute, { name, description, architecture, location }, pace.signal)
  // Whoever was quicker has registered the same; what is listed may lag behind.
  return await pollUntil(
    `${compute.connection.place}: ${name} registered`,
    () => findOurs(place, order, name, pace.signal),
    pace,
  )
}

/**
 * The image of this name. One of another disk, which was tested before this one and never opened, makes way. Throws when it is
 * others'.
 */
async function findOurs(place: Place, order: Order, name: string, signal: AbortSignal): Promise<Image | null> {
  const { compute, bucket } = place
  const [image] = await listImages(compute, signal, name)
  if (image === undefined || isOfOrder(place, order, image.location)) return image ?? null
  if (isOfDrop(place, order.drop, image.location) && !image.isPublic) {
    await deregisterImage(compute, image.id, signal)
    const bundle = bundleOf(place, image.location)
    if (bundle !== null) await removeObjects(bucket, bundle.folder, signal)
    return null
  }
  throw new PermanentError(
    'refused',
    `${compute.connection.place}: the name ${name} is taken by ${image.id}, which is registered from ${image.location}`,
  )
}

/** Eucalyptus allows these letters, and 128 of them (`Images.isImageNameValid`). */
function nameOf(order: Order): string {
  return legalName(imageName(order), /[^A-Za-z0-9()./_-]/g)
}

/** For people who look for them; nothing goes by them, as they are set after the image is there. */
function tagsOf({ drop, compose, image, disk }: Order): Record<string, string> {
  return {
    'imagedrop:drop': drop,
    'imagedrop:image': imageKey(image),
    'imagedrop:compose': compose.id,
    'imagedrop:sha256': disk.sha256,
  }
}
