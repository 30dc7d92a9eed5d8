import { all } from '#publishing/all.ts'
import { deregisterImage, listImages, setPublic, type Image } from '../api/images.ts'
import { listObjects, removeObject } from '../api/objects.ts'
import type { Place } from '../places.ts'
import { folderOf, isOfDrop } from '../upload/place-of-bundle.ts'

const atOnce = 4

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
  const left = ((await listObjects(place.bucket, folderOf(drop), signal)) ?? []).map(({ key }) => key)
  await all(Array.from({ length: atOnce }), async () => {
    for (let key = left.shift(); key !== undefined; key = left.shift()) await removeObject(place.bucket, key, signal)
  })
}

/** Known by where their bundles are: others' images of the account never. */
async function imagesOf(place: Place, drop: string, signal: AbortSignal): Promise<Image[]> {
  const images = await listImages(place.compute, signal)
  return images.filter(({ location }) => isOfDrop(place, drop, location))
}
