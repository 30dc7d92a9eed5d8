import { refused } from '../api-error.ts'
import type { Action } from './action.ts'
import { imageOf } from './lookup.ts'

/**
 * AttachImageWatermark: by the owner, while the image is not public; CopyImage takes it along (EC2 API, AttachImageWatermark). The
 * same mark again is the same mark.
 */
export const attachImageWatermark: Action = {
  takes: 'ImageId WatermarkName',
  async run(call) {
    const { world, parameters, owner, region } = call
    const image = imageOf(call, parameters.required('ImageId'))
    const name = parameters.required('WatermarkName')
    if (!/^[A-Za-z0-9()[\] ./\-'@_]{3,128}$/.test(name))
      throw refused('InvalidParameterValue', `Invalid value '${name}' for WatermarkName: 3 to 128 characters`)
    if (image.public)
      throw refused('OperationNotPermitted', `Watermarks cannot be added to the public image ${image.id}`)
    const key = `${owner}:${name}`
    const mark = { key, imageId: image.id, region, imageAt: image.createdAt, at: world.now().getTime() }
    if (image.watermarks.every((one) => one.key !== key))
      await world.images.save({ ...image, watermarks: [...image.watermarks, mark] })
    return { watermarkKey: key }
  },
}

/** DetachImageWatermark */
export const detachImageWatermark: Action = {
  takes: 'ImageId WatermarkKey',
  async run(call) {
    const image = imageOf(call, call.parameters.required('ImageId'))
    const key = call.parameters.required('WatermarkKey')
    if (image.watermarks.every((one) => one.key !== key))
      throw refused('InvalidParameterValue', `The image ${image.id} has no watermark '${key}'`)
    await call.world.images.save({ ...image, watermarks: image.watermarks.filter((one) => one.key !== key) })
    return { return: true }
  },
}
