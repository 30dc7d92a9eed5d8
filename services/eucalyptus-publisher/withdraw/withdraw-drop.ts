import { deregisterImage, listImages, setPublic, type Image } from '../api/images.ts'
import { removeObjects } from '../api/remove-objects.ts'
import type { Place } from '../places.ts'
import { folderOf, isOfDrop } from '../upload/place-of-bundle.ts'

/** Makes private what others may launch. Whether something is there still. */
export async function hideDrop(place: Place, drop: string, signal: AbortSignal): Promise<boolean> {
  const images = await imagesOf(place, drop, signal)
  const open = images.filter(({ isPublic }) => isPublic)
  for (const { id } of open) await setPublic(place.compute, id, false, signal)
  return images.length > 0
}

/** Removes every image of the drop, and all bundles, also those that an upload that was cut off has left. */
export async function removeDrop(place: Place, drop: string, signal: AbortSignal): Promise<void> {
  for (const { id } of await imagesOf(place, drop, signal)) await deregisterImage(place.compute, id, signal)
  await removeObjects(place.bucket, folderOf(drop), signal)
}

/** Known by where their bundles are: others' images of the account never. */
async function imagesOf(place: Place, drop: string, signal: AbortSignal): Promise<Image[]> {
  const images = await listImages(place.compute, signal)
  return images.filter(({ location }) => isOfDrop(place, drop, location))
}
