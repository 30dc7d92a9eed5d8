import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, GuestCheck, Login, LoginCheck } from '../checks/check.ts'
import { logIn, type LoginOptions } from './login.ts'
import { joinScripts, readAnswers } from './script.ts'

/** What is asked of a guest that has finished its first boot. */
export interface InterviewOptions extends Omit<LoginOptions, 'user'> {
  readonly defaultUser: string
  readonly checks: readonly GuestCheck[]
  readonly nonce: string
  readonly onAnswer: (check: string, answer: Answer) => void
  readonly onLogin: (as: LoginCheck['as'], login: Login) => void
}

const tries = 5
const pause = 3_000

/** Asks the guest everything by ssh, and tries to log in as root meanwhile. Throws the signal's reason. */
export async function interview(options: InterviewOptions): Promise<void> {
  await Promise.all([
    talk({ ...options, user: options.defaultUser }, 'default-user', options.checks),
    talk({ ...options, user: 'root' }, 'root', []),
  ])
}

async function talk(
  options: InterviewOptions & LoginOptions,
  as: LoginCheck['as'],
  checks: readonly GuestCheck[],
): Promise<void> {
  const { user, nonce, onAnswer, onLogin, signal } = options
  let shell = false
  const onShell = () => {
    shell = true
    onLogin(as, { user, shell, said: '' })
  }
  for (let left = tries; left > 0; left--) {
    const said = await logIn(options, joinScripts(checks, nonce), readAnswers(nonce, { onShell, onAnswer }))
    if (shell) return
    if (left > 1 && isNotListening(said)) await pauseUnlessStopped(signal)
    else {
      onLogin(as, { user, shell, said })
      return
    }
  }
}

/** sshd may be about to start, or be started again by cloud-init. */
function isNotListening(said: string): boolean {
  return /kex_exchange_identification|Connection (refused|reset|timed out)|banner exchange/.test(said)
}

async function pauseUnlessStopped(signal: AbortSignal): Promise<void> {
  await sleep(pause, undefined, { signal }).catch(() => {})
  signal.throwIfAborted()
}
