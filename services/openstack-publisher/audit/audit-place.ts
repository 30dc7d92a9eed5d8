import { deleteImage, changeImage, listImages, type GlanceImage } from '#openstack/glance.ts'
import { closed, gone, unavailable, wrongWithClaims, type Flaw } from '#publishing/audit-claims.ts'
import { settleWrong, wrongToBeThere, type Marked } from '#publishing/audit-place.ts'
import type { Pace } from '#publishing/wait.ts'
import type { AuditReport, ClaimedDrop, ClaimedRegistration } from '#service/audit.ts'
import type { Place } from '../places.ts'
import { publishImage } from '../publish/publish-images.ts'
import { dropProperty, imageProperty } from '../upload/image-properties.ts'

/** From closed to open. `shared` is what Glance calls an image that single projects may have been let in to. */
const openness = ['private', 'shared', 'community', 'public']

/**
 * Compares one cloud with what drops claim. Two sources: the registrations of the ledger, and the images of our project that name a
 * drop. Others' images are never looked at.
 */
export async function auditPlace(
  place: Place,
  drops: readonly ClaimedDrop[],
  { repair, pace }: { readonly repair: boolean; readonly pace: Pace },
): Promise<AuditReport> {
  const { signal } = pace
  // Not by the tag: Glance puts that on after the image is there, and may fail between the two.
  const images = (await listImages(place, {}, signal)).filter((one) => dropOf(one) !== null)
  const { visibility: expected } = place.wanted
  const wrong = [
    ...(await wrongWithClaims(drops, { place: place.place, expected, look })),
    ...wrongToBeThere(images.map(markedBy), drops),
  ]
  const findings = await settleWrong(place.place, wrong, repair)
  return { places: [{ place: place.place, looked: images.length }], findings }

  function look({ id }: ClaimedRegistration, drop: string): Flaw | null {
    const image = images.find((one) => one.id === id && dropOf(one) === drop)
    if (image === undefined) return gone("not this project's any more")
    if (image.status !== 'active') return unavailable(image.status)
    const isClosed = openness.indexOf(image.visibility) < openness.indexOf(expected)
    const isHidden = image.os_hidden === true
    if (!isClosed && !isHidden) return null
    const found = [...(isHidden ? ['hidden'] : []), ...(isClosed ? [image.visibility] : [])].join(', ')
    const act = async () => {
      if (isClosed) await publishImage(place, image, pace)
      if (isHidden) await changeImage(place, id, { os_hidden: false }, signal)
    }
    return closed(found, expected, { words: `it is made ${expected}${isHidden ? ' and shown' : ''}`, act })
  }

  function markedBy(image: GlanceImage): Marked {
    const { id, name, [imageProperty]: plan } = image
    return {
      id,
      what: `${id} (${name ?? 'without a name'})`,
      drop: dropOf(image),
      image: typeof plan === 'string' ? plan : null,
      isOf: (registration: ClaimedRegistration) => registration.id === id && registration.place === place.place,
      remove: () => deleteImage(place, id, signal),
    }
  }
}

function dropOf({ [dropProperty]: drop }: GlanceImage): string | null {
  return typeof drop === 'string' ? drop : null
}
