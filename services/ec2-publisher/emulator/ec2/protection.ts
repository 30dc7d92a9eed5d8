import type { Action, Call } from './action.ts'
import { imageOf } from './lookup.ts'

/** EnableImageDeregistrationProtection */
export const enableImageDeregistrationProtection: Action = {
  takes: 'ImageId WithCooldown',
  run: (call) => protect(call, true),
}

/** DisableImageDeregistrationProtection: at once, as it was enabled without a cooldown. */
export const disableImageDeregistrationProtection: Action = { takes: 'ImageId', run: (call) => protect(call, false) }

async function protect(call: Call, isProtected: boolean) {
  const image = imageOf(call, call.parameters.required('ImageId'))
  await call.world.images.save({ ...image, protected: isProtected })
  return { return: true }
}
