import { changeSettings, settingsOf } from '../settings.ts'
import type { Action, Call } from './action.ts'

/** GetEbsEncryptionByDefault */
export const getEbsEncryptionByDefault: Action = {
  takes: '',
  run: (call) => ({ ebsEncryptionByDefault: settingsOf(call.world, call).ebsEncryptionByDefault }),
}

/** EnableEbsEncryptionByDefault: holds for what is made from now on, and changes nothing that is there. */
export const enableEbsEncryptionByDefault: Action = { takes: '', run: (call) => change(call, true) }

/** DisableEbsEncryptionByDefault */
export const disableEbsEncryptionByDefault: Action = { takes: '', run: (call) => change(call, false) }

async function change(call: Call, ebsEncryptionByDefault: boolean) {
  await changeSettings(call.world, call, { ebsEncryptionByDefault })
  return { ebsEncryptionByDefault }
}
