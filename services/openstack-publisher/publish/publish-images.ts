import type { Registration } from '#events/vocabulary.ts'
import { pollUntil, type Pace } from '#publishing/wait.ts'
import { PermanentError } from '#service/errors.ts'
import { changeImage, findImage, type GlanceImage } from '#openstack/glance.ts'
import type { Place } from '../places.ts'
import { dropProperty } from '../upload/image-properties.ts'

/** The image as it is there. Throws when it is not as it was uploaded: asked of all before the first is opened. */
export async function assertPublishable(
  place: Place,
  drop: string,
  registration: Registration,
  { signal }: Pace,
): Promise<GlanceImage> {
  const image = await findImage(place, registration.id, signal)
  const project = await place.session.project(signal)
  const digest = registration.details['sha512'] ?? ''
  const asUploaded =
    image?.status === 'active' &&
    image.owner === project &&
    image[dropProperty] === drop &&
    (digest === '' || image.os_hash_value === digest)
  if (asUploaded) return image
  const found =
    image === null ? 'is not there' : `is ${image.status}, ${String(image.name)} of project ${String(image.owner)}`
  throw new PermanentError(
    'environment',
    `${place.place}: ${registration.id} ${found}, but was uploaded as ${registration.name}; retry the upload of the image`,
  )
}

/** Opens an image to those that the settings name, and waits until it is seen so. */
export async function publishImage(place: Place, { id, visibility: now }: GlanceImage, pace: Pace): Promise<void> {
  const { visibility } = place.wanted
  if (now === visibility) return
  const advice = `the role of this account may not make images public; set the cloud to ${place.place}=community`
  await changeImage(place, id, { visibility }, pace.signal, visibility === 'public' ? advice : undefined)
  await pollUntil(
    `${place.place}: ${id} ${visibility}`,
    async () => {
      const image = await findImage(place, id, pace.signal)
      if (image === null)
        throw new PermanentError('environment', `${place.place}: ${id} was removed while it was opened`)
      return image.visibility === visibility ? true : null
    },
    pace,
  )
}
