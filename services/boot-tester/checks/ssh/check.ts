import { lastLine, passedIf, type LoginCheck } from '../check.ts'

/** The key that the cloud injects is the way in. */
export const ssh: LoginCheck = {
  name: 'ssh',
  description: 'the default user logs in by ssh with the injected key and may become root',
  severity: 'error',
  rule: 'OpenStack image guide, "Image requirements: Access instance using SSH public key"',
  since: null,
  on: 'login',
  as: 'default-user',
  judge: ({ user, shell, said }) => passedIf(shell, shell ? `${user} logged in and became root` : lastLine(said)),
}
