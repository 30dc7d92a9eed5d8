import type { DropImage, Registration } from '#events/vocabulary.ts'
import { imageKey } from '#events/vocabulary.ts'
import type { Standing, VersionName } from '../cloud.ts'
import { target } from '../step.ts'

/** A version as events carry it: by its delivery option once it is live, by its change set before. */
export function registrationOf(
  { product, title, ami }: VersionName,
  standing: Extract<Standing, { state: 'live' | 'validating' | 'validated' | 'in review' }>,
  emulated: boolean,
): Registration {
  const { state, changeSet } = standing
  const id = state === 'live' ? standing.deliveryOption : standing.changeSet
  const details = { ami, ...(changeSet === null ? {} : { changeSet }) }
  return { target, emulated, place: product, id, name: title, state, details }
}

/** The version that an image was said to be; null when nothing was said. */
export function versionIn(drop: string, { image, registrations }: DropImage, emulated: boolean): VersionName | null {
  const told = registrations.find((one) => one.target === target && one.emulated === emulated)
  const ami = told?.details['ami']
  if (!told || ami === undefined) return null
  return { drop, image: imageKey(image), product: told.place, ami, title: told.name }
}
