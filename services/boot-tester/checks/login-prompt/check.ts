import type { ConsoleCheck } from '../check.ts'

/** A person at the serial console can log in. */
export const loginPrompt: ConsoleCheck = {
  name: 'login-prompt',
  description: 'the serial console shows a login prompt',
  severity: 'error',
  rule: 'OpenStack image guide, "Image requirements: Ensure image writes boot log to console"',
  since: null,
  on: 'console',
  expects: /\S{1,64} login:/,
}
