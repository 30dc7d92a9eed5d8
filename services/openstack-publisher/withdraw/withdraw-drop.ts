import type { Registration } from '#events/vocabulary.ts'
import { changeImage, deleteImage, findImage, listImages, type Glance, type GlanceImage } from '#openstack/glance.ts'
import { dropProperty } from '../upload/image-properties.ts'

/**
 * Every image of a drop in one cloud: those registered, and those that carry its name, which an upload that was cut off
 * has left. Others' images never.
 */
async function imagesOf(
  glance: Glance,
  drop: string,
  registrations: readonly Registration[],
  signal: AbortSignal,
): Promise<GlanceImage[]> {
  const project = await glance.session.project(signal)
  // Not by the tag: Glance puts that on after the image is there, and may fail between the two.
  const listed = await listImages(glance, { [dropProperty]: drop }, signal)
  const known = new Set(listed.map(({ id }) => id))
  const named = registrations.filter(({ place, id }) => place === glance.place && !known.has(id))
  const found = await Promise.all(named.map(({ id }) => findImage(glance, id, signal)))
  return [...listed, ...found.filter((one) => one !== null)].filter(
    (one) => one.owner === project && one[dropProperty] === drop,
  )
}

/**
 * Hides what others may have seen, so that nobody new finds it and what was started from it can be started again;
 * removes what only we have seen. Whether something was hidden.
 */
export async function hideDrop(
  glance: Glance,
  drop: string,
  registrations: readonly Registration[],
  signal: AbortSignal,
): Promise<boolean> {
  const images = await imagesOf(glance, drop, registrations, signal)
  const seen = images.filter(({ visibility }) => visibility !== 'private')
  for (const { id } of images.filter(({ visibility }) => visibility === 'private'))
    await deleteImage(glance, id, signal)
  for (const { id } of seen.filter(({ os_hidden: hidden }) => hidden !== true))
    await changeImage(glance, id, { os_hidden: true }, signal)
  return seen.length > 0
}

/** Removes every image of the drop. */
export async function removeDrop(
  glance: Glance,
  drop: string,
  registrations: readonly Registration[],
  signal: AbortSignal,
): Promise<void> {
  for (const { id } of await imagesOf(glance, drop, registrations, signal)) await deleteImage(glance, id, signal)
}
