import { refused } from '../api-error.ts'
import type { ImageRecord } from '../records.ts'
import type { Action } from './action.ts'
import { imageOf } from './lookup.ts'

const minute = 60_000

/**
 * EnableImageDeprecation: to the minute; not in the past, at most 10 years from now, and for a public image at most two
 * years after its creation (EC2 API, EnableImageDeprecation: DeprecateAt).
 */
export const enableImageDeprecation: Action = {
  takes: 'ImageId DeprecateAt',
  async run(call) {
    const { world, parameters } = call
    const image = imageOf(call, parameters.required('ImageId'))
    const asked = Date.parse(parameters.required('DeprecateAt'))
    if (Number.isNaN(asked)) throw refused('InvalidParameterValue', 'DeprecateAt is not a date')
    const deprecatedFrom = Math.round(asked / minute) * minute
    const now = world.now()
    if (deprecatedFrom < now.getTime())
      throw refused('InvalidParameter', `The specified DeprecateAt is in the past: ${new Date(asked).toISOString()}`)
    if (deprecatedFrom > yearsAfter(now, 10))
      throw refused('InvalidParameter', 'DeprecateAt is at most 10 years from the present')
    if (image.public && deprecatedFrom > latestForPublic(image))
      throw refused('InvalidParameter', 'DeprecateAt of a public image is at most 2 years from its creation')
    await world.images.save({ ...image, deprecatedFrom })
    return { return: true }
  },
}

/** DisableImageDeprecation: of a public image the end of two years stays (EC2 API, DisableImageDeprecation). */
export const disableImageDeprecation: Action = {
  takes: 'ImageId',
  async run(call) {
    const image = imageOf(call, call.parameters.required('ImageId'))
    await call.world.images.save({ ...image, deprecatedFrom: image.public ? latestForPublic(image) : null })
    return { return: true }
  },
}

/** The day on which a public image is deprecated whatever is asked (EC2 guide, "Deprecate an AMI"). */
export function latestForPublic({ createdAt }: ImageRecord): number {
  return yearsAfter(new Date(createdAt), 2)
}

function yearsAfter(from: Date, years: number): number {
  const then = new Date(from)
  then.setUTCFullYear(then.getUTCFullYear() + years)
  return then.getTime()
}
