/** The one account that fresh emulators know; several stand in side by side, with one set of credentials. Worth nothing anywhere else. */
export const emulatorAccount = {
  accessKeyId: 'AKIAEMULATOREXAMPLE0',
  secretAccessKey: 'emulated/secret/that/opens/nothing/anywhere',
  accountId: '123456789012',
} as const
