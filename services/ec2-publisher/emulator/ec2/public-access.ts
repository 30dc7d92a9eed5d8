import { changeSettings, settingsOf } from '../settings.ts'
import type { Action } from './action.ts'

/** GetImageBlockPublicAccessState */
export const getImageBlockPublicAccessState: Action = {
  takes: '',
  run: (call) => ({
    imageBlockPublicAccessState: settingsOf(call.world, call).imageBlockPublicAccess,
    managedBy: 'account',
  }),
}

/** EnableImageBlockPublicAccess */
export const enableImageBlockPublicAccess: Action = {
  takes: 'ImageBlockPublicAccessState',
  async run(call) {
    call.parameters.required('ImageBlockPublicAccessState')
    call.parameters.oneOf('ImageBlockPublicAccessState', ['block-new-sharing'])
    await changeSettings(call.world, call, { imageBlockPublicAccess: 'block-new-sharing' })
    return { imageBlockPublicAccessState: 'block-new-sharing' }
  },
}

/** DisableImageBlockPublicAccess */
export const disableImageBlockPublicAccess: Action = {
  takes: '',
  async run(call) {
    await changeSettings(call.world, call, { imageBlockPublicAccess: 'unblocked' })
    return { imageBlockPublicAccessState: 'unblocked' }
  },
}
