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

/** GetSnapshotBlockPublicAccessState */
export const getSnapshotBlockPublicAccessState: Action = {
  takes: '',
  run: (call) => ({ state: settingsOf(call.world, call).snapshotBlockPublicAccess, managedBy: 'account' }),
}

/** EnableSnapshotBlockPublicAccess: for all sharing, or for what is shared from now on. */
export const enableSnapshotBlockPublicAccess: Action = {
  takes: 'State',
  async run(call) {
    call.parameters.required('State')
    const state = call.parameters.oneOf('State', ['block-all-sharing', 'block-new-sharing'])
    const snapshotBlockPublicAccess = state === 'block-all-sharing' ? state : 'block-new-sharing'
    await changeSettings(call.world, call, { snapshotBlockPublicAccess })
    return { state: snapshotBlockPublicAccess }
  },
}

/** DisableSnapshotBlockPublicAccess */
export const disableSnapshotBlockPublicAccess: Action = {
  takes: '',
  async run(call) {
    await changeSettings(call.world, call, { snapshotBlockPublicAccess: 'unblocked' })
    return { state: 'unblocked' }
  },
}
