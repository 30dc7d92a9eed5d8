import { passedIf, type LoginCheck } from '../check.ts'

/** Root stays out, and nobody gets in by guessing a password. */
export const rootLogin: LoginCheck = {
  name: 'root-login',
  description: 'ssh refuses root, even with the injected key, and offers no passwords',
  severity: 'error',
  rule: 'AWS, Recommendations for creating shared Linux AMIs, "Disable password-based remote logins for root"',
  since: null,
  on: 'login',
  as: 'root',
  judge: ({ shell, said }) => {
    if (shell) return { outcome: 'failed', detail: 'root got a shell' }
    const offered = /Authentications that can continue: (\S+)/.exec(said)?.[1]
    if (offered === undefined)
      return { outcome: 'failed', detail: `the server offered no way to log in: ${said.trim()}` }
    const passwords = /password|keyboard-interactive/.test(offered)
    return passedIf(!passwords, `root refused; the server offers ${offered}`)
  },
}
