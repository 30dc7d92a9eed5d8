import type { Registration } from '#events/vocabulary.ts'
import { pollUntil, type Pace } from '#publishing/wait.ts'
import { PermanentError } from '#service/errors.ts'
import { findImage, setPublic, type Image } from '../api/images.ts'
import type { Place } from '../places.ts'
import { isWhole } from '../upload/is-whole.ts'
import { isOfDrop } from '../upload/place-of-bundle.ts'

/** The image as it is there. Throws when it is not as it was uploaded: asked of all before the first is opened. */
export async function assertPublishable(
  place: Place,
  drop: string,
  { id, name }: Registration,
  { signal }: Pace,
): Promise<Image> {
  const { compute, bucket, accountId } = place
  const image = await findImage(compute, id, signal)
  const isOurs = image?.owner === accountId && image.name === name && isOfDrop(place, drop, image.location)
  if (image === null || !isOurs || image.state !== 'available')
    throw gone(place, id, image === null ? 'is not there' : `is ${image.state}, from ${image.location}`)
  const manifest = image.location.slice(bucket.name.length + 1)
  if (!(await isWhole(bucket, manifest, null, signal))) throw gone(place, id, 'has lost its bundle')
  return image
}

/** Opens an image to those that the settings name, and waits until it is seen so. */
export async function publishImage(place: Place, { id, isPublic }: Image, pace: Pace): Promise<void> {
  const { compute, wanted } = place
  const wish = wanted.visibility === 'public'
  if (isPublic === wish) return
  await setPublic(compute, id, wish, pace.signal)
  await pollUntil(
    `${wanted.place}: ${id} ${wanted.visibility}`,
    async () => {
      const image = await findImage(compute, id, pace.signal)
      if (image === null) throw gone(place, id, 'was removed while it was opened')
      return image.isPublic === wish ? true : null
    },
    pace,
  )
}

function gone({ wanted }: Place, id: string, found: string): PermanentError {
  return new PermanentError('environment', `${wanted.place}: ${id} ${found}; retry the upload of the image`)
}
