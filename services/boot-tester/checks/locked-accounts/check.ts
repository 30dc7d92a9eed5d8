import { passedIfNone, type GuestCheck } from '../check.ts'

/** What the first boot has made is locked as well; what came with the image is the check `passwords`. */
export const lockedAccounts: GuestCheck = {
  name: 'locked-accounts',
  description: 'after the first boot no account has a password, root neither, and none is without a lock',
  severity: 'error',
  rule: 'cloud-init, "Users and groups", lock_passwd; img-proof, test_sles_root_pass',
  since: '2026-11-26',
  on: 'guest',
  script: 'cat /etc/shadow',
  judge: ({ status, output }) => {
    if (status !== 0) return { outcome: 'failed', detail: output.trim() }
    const accounts = output.split('\n').map((line) => line.split(':'))
    return passedIfNone(
      // Of a password nothing is told but that it is there.
      accounts
        .filter(([, hash = '']) => !/^[!*]/.test(hash))
        .map(([name = '', hash]) => `${name} ${hash === '' ? 'needs no password' : 'has a password'}`),
      `${String(accounts.length)} accounts`,
    )
  },
}
