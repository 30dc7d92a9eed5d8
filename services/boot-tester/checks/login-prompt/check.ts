import type { ConsoleCheck } from '../check.ts'

/** A person at the serial console can log in. */
export const loginPrompt: ConsoleCheck = {
  name: 'login-prompt',
  description: 'the serial console shows a login prompt',
  on: 'console',
  expects: /\S{1,64} login:/,
}
