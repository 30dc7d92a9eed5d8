import type { SettingsRecord } from '../records.ts'
import type { Action, Call } from './action.ts'

/** GetImageBlockPublicAccessState */
export const getImageBlockPublicAccessState: Action = {
  takes: '',
  run: (call) => ({ imageBlockPublicAccessState: settingsOf(call).imageBlockPublicAccess, managedBy: 'account' }),
}

/** EnableImageBlockPublicAccess */
export const enableImageBlockPublicAccess: Action = {
  takes: 'ImageBlockPublicAccessState',
  async run(call) {
    call.parameters.required('ImageBlockPublicAccessState')
    call.parameters.oneOf('ImageBlockPublicAccessState', ['block-new-sharing'])
    await change(call, 'block-new-sharing')
    return { imageBlockPublicAccessState: 'block-new-sharing' }
  },
}

/** DisableImageBlockPublicAccess */
export const disableImageBlockPublicAccess: Action = {
  takes: '',
  async run(call) {
    await change(call, 'unblocked')
    return { imageBlockPublicAccessState: 'unblocked' }
  },
}

/** What is set for the caller's account in this region. */
export function settingsOf({ world, owner, region }: Call): SettingsRecord {
  const id = `${owner}.${region}`
  return world.settings.get(id) ?? { id, imageBlockPublicAccess: 'unblocked' }
}

async function change(call: Call, imageBlockPublicAccess: SettingsRecord['imageBlockPublicAccess']): Promise<void> {
  await call.world.settings.save({ ...settingsOf(call), imageBlockPublicAccess })
}
