import type { Image } from '@aws-sdk/client-ec2'
import { patiently } from '#publishing/wait.ts'
import { findImages, where } from '../aws/find.ts'
import type { Region } from '../aws/region.ts'
import { dropTag, tagValue } from '../aws/tags.ts'
import { isOurs, isRace, moveParameter, removeParameter, namedBy } from './versions.ts'

const hour = 3_600_000

interface Withdrawn {
  readonly drop: string
  /** Images of the drop as events know them. */
  readonly ids: readonly string[]
}

/**
 * Has a parameter that names an image of a withdrawn drop name again what it named before: the last image of another drop that is
 * still public and not deprecated. Without one the parameter goes: better no answer than one that nobody should use.
 */
export async function pointBack(region: Region, name: string, { drop, ids }: Withdrawn): Promise<void> {
  const back = async () => {
    const named = await namedBy(region, name)
    if (named === null || !(await isOurs(region, name))) return
    const newestFirst = [...new Set(named.toReversed())]
    const images = await findImages(region, where('image-id', ...newestFirst))
    const isWithdrawn = (id: string) =>
      ids.includes(id) || images.some((one) => one.ImageId === id && tagValue(one.Tags, dropTag) === drop)
    if (!isWithdrawn(newestFirst[0] ?? '')) return
    const offered = new Set(images.filter(isOffered).map(({ ImageId: id }) => id))
    const before = newestFirst.find((id) => !isWithdrawn(id) && offered.has(id))
    await (before === undefined ? removeParameter(region, name) : moveParameter(region, name, before))
  }
  await patiently(back, isRace, region.pace)
}

/** What another withdrawal deprecates is so within minutes. */
function isOffered({ State: state, Public: isPublic, DeprecationTime: deprecated }: Image): boolean {
  const isCurrent = deprecated === undefined || Date.parse(deprecated) > Date.now() + hour
  return state === 'available' && isPublic === true && isCurrent
}
