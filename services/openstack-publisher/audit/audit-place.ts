import { deleteImage, changeImage, listImages, type GlanceImage } from '#openstack/glance.ts'
import { settleWrong, wrongToBeThere, type Wrong } from '#publishing/audit-place.ts'
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
  const byName = new Map(drops.map((drop) => [drop.drop, drop]))
  const wrong = [
    ...drops.filter(({ state }) => state === 'public').flatMap(wrongWith),
    ...images.flatMap((image) => wrongToBeThere(markedBy(image), byName)),
  ]
  const findings = await settleWrong(place.place, wrong, repair)
  return { places: [{ place: place.place, looked: images.length }], findings }

  /** What a public drop claims and what is not so. */
  function wrongWith({ drop, registrations }: ClaimedDrop): Wrong[] {
    const here = registrations.filter((one) => one.place === place.place && one.isPublic)
    return here.flatMap((one) => wrongAbout(one, drop))
  }

  function wrongAbout({ id, name, image: plan }: ClaimedRegistration, drop: string): Wrong[] {
    const image = images.find((one) => one.id === id && dropOf(one) === drop)
    const what = `${id} (${name})`
    const { visibility: expected } = place.wanted
    const about = { drop, id, image: plan, expected }
    if (image === undefined) {
      const gone = `${what} is not there, or not this project's any more`
      return [{ ...about, kind: 'gone', found: 'not there', what: gone, mend: null }]
    }
    if (image.status !== 'active') {
      const { status: found } = image
      return [{ ...about, kind: 'unavailable', found, what: `${what} is ${found}`, mend: null }]
    }
    const isClosed = openness.indexOf(image.visibility) < openness.indexOf(expected)
    const isHidden = image.os_hidden === true
    if (!isClosed && !isHidden) return []
    const found = [...(isHidden ? ['hidden'] : []), ...(isClosed ? [image.visibility] : [])].join(', ')
    const act = async () => {
      if (isClosed) await publishImage(place, image, pace)
      if (isHidden) await changeImage(place, id, { os_hidden: false }, signal)
    }
    const mend = { words: `it is made ${expected}${isHidden ? ' and shown' : ''}`, act }
    return [{ ...about, kind: 'private', found, what: `${what} is ${found}, not ${expected}`, mend }]
  }

  function markedBy(image: GlanceImage) {
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
