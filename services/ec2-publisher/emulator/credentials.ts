/** The one account that a fresh emulator knows. Worth nothing anywhere else. */
export const emulatorAccount = {
  accessKeyId: 'AKIAEMULATOREXAMPLE0',
  secretAccessKey: 'emulated/secret/that/opens/nothing/anywhere',
  accountId: '123456789012',
} as const
