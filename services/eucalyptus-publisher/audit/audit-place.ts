import { closed, gone, unavailable, wrongWithClaims, type Flaw } from '#publishing/audit-claims.ts'
import { settleWrong, wrongToBeThere, type Marked } from '#publishing/audit-place.ts'
import type { Pace } from '#publishing/wait.ts'
import type { AuditReport, ClaimedDrop, ClaimedRegistration } from '#service/audit.ts'
import { deregisterImage, listImages, type Image } from '../api/images.ts'
import { removeObjects } from '../api/remove-objects.ts'
import type { Place } from '../places.ts'
import { publishImage } from '../publish/publish-image.ts'
import { isWhole } from '../upload/is-whole.ts'
import { bundleOf, isOfDrop, type BundleName } from '../upload/place-of-bundle.ts'
import { dropsByFolder, findBundles } from './bundles.ts'

interface Given {
  readonly drops: readonly ClaimedDrop[]
  /** The same with those registrations alone that are looked for. */
  readonly sought: readonly ClaimedDrop[]
  readonly repair: boolean
  readonly pace: Pace
}

/**
 * Compares one cloud with what drops claim. Two sources: the registrations of the ledger, and what lies in our bucket as we lay bundles
 * there, with the images of our account that are registered from it. Others' are never looked at.
 */
export async function auditPlace(place: Place, { drops, sought, repair, pace }: Given): Promise<AuditReport> {
  const { compute, bucket, wanted } = place
  const { signal } = pace
  const images = await listImages(compute, signal)
  const bundles = await findBundles(bucket, signal)
  const ours = images.flatMap((image) => {
    const bundle = bundleOf(place, image.location)
    return bundle === null ? [] : [{ image, bundle }]
  })
  const dropOf = dropsByFolder(drops)
  const wrong = [
    ...(await wrongWithClaims(sought, { place: wanted.place, expected: wanted.visibility, look })),
    ...wrongToBeThere([...ours.map(markedImage), ...bundles.filter(isUnused).map(markedBundle)], drops),
  ]
  const findings = await settleWrong(wanted.place, wrong, repair)
  return { places: [{ place: wanted.place, looked: ours.length + bundles.length }], findings }

  async function look({ id }: ClaimedRegistration, drop: string): Promise<Flaw | null> {
    const image = images.find((one) => one.id === id && isOfDrop(place, drop, one.location))
    if (image === undefined) return gone("not this account's, or not from its drop's bundle, any more")
    if (image.state !== 'available') return unavailable(image.state)
    const manifest = image.location.slice(bucket.name.length + 1)
    if (!(await isWhole(bucket, manifest, null, signal))) return unavailable('without its whole bundle')
    if (image.isPublic || wanted.visibility === 'private') return null
    return closed('private', 'public', { words: 'it is made public', act: () => publishImage(place, image, pace) })
  }

  function markedImage({ image, bundle }: { readonly image: Image; readonly bundle: BundleName }): Marked {
    const { id, name } = image
    return {
      ...markOf(bundle),
      id,
      what: `${id} (${name})`,
      isOf: (registration: ClaimedRegistration) => registration.id === id && registration.place === wanted.place,
      async remove() {
        await deregisterImage(compute, id, signal)
        if (!isClaimed(bundle)) await removeObjects(bucket, bundle.folder, signal)
      },
    }
  }

  function markedBundle(bundle: BundleName): Marked {
    const id = `${bucket.name}/${bundle.folder}`
    return {
      ...markOf(bundle),
      id,
      what: id,
      // The bundle of an image that is gone is what the image may be registered from again.
      isOf: isFrom(bundle),
      remove: () => removeObjects(bucket, bundle.folder, signal),
    }
  }

  function markOf(bundle: BundleName): Pick<Marked, 'drop' | 'image'> {
    return { drop: dropOf(bundle), image: bundle.image }
  }

  function isClaimed(bundle: BundleName): boolean {
    return drops.some(({ state, registrations }) => state !== 'ended' && registrations.some(isFrom(bundle)))
  }

  /** The bundle of an image that is there is found with it. */
  function isUnused({ folder }: BundleName): boolean {
    return ours.every(({ bundle }) => bundle.folder !== folder)
  }

  function isFrom({ folder }: BundleName): (registration: ClaimedRegistration) => boolean {
    return ({ place: at, details }) =>
      at === wanted.place && bundleOf(place, String(details['location']))?.folder === folder
  }
}
