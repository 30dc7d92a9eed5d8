import { patiently } from '#publishing/wait.ts'
import { findImages, where } from '../aws/find.ts'
import type { Region } from '../aws/region.ts'
import { composeTag, tagValue } from '../aws/tags.ts'
import { assertOursIfThere, isRace, makeParameter, moveParameter, namedBy } from './versions.ts'

/** A parameter and the image that it is to name. */
export interface Pointing {
  readonly name: string
  readonly imageId: string
  /** Id of the compose that the image is of. */
  readonly compose: string
}

/**
 * Has a parameter name an image, unless that of a later compose is there. It happens once for an image: where it was named before,
 * whoever has moved the parameter since had a reason.
 */
export async function pointTo(region: Region, { name, imageId, compose }: Pointing): Promise<void> {
  const point = async () => {
    const named = await namedBy(region, name)
    if (named === null) {
      await makeParameter(region, name, imageId)
      return
    }
    await assertOursIfThere(region, name)
    if (named.includes(imageId) || (await stays(region, named.at(-1) ?? '', compose))) return
    await moveParameter(region, name, imageId)
  }
  await patiently(point, isRace, region.pace)
}

/** What a parameter names stays when it is of a later compose, or a person's image. What is gone does not. */
async function stays(region: Region, imageId: string, compose: string): Promise<boolean> {
  const [image] = await findImages(region, where('image-id', imageId))
  if (image === undefined || image.State === 'deregistered') return false
  const its = tagValue(image.Tags, composeTag)
  return its === null || ageOf(its) > ageOf(compose)
}

/** Composes of one day by their respin: `Fedora-Rawhide-20260712.n.3`. */
function ageOf(compose: string): string {
  const [, date = '', respin = ''] = /(\d{8})(?:\.[a-z]+)?\.(\d+)$/.exec(compose) ?? []
  return `${date}.${respin.padStart(10, '0')}`
}
