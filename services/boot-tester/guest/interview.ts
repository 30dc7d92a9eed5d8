import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, Login, LoginCheck } from '../checks/check.ts'
import { logIn, type LoginOptions } from './login.ts'
import { joinScripts, readAnswers, type Script } from './script.ts'

/** What is asked of a guest that has finished its first boot. */
export interface InterviewOptions extends Omit<LoginOptions, 'user'> {
  readonly defaultUser: string
  readonly checks: readonly Script[]
  readonly nonce: string
  readonly onAnswer: (check: string, answer: Answer) => void
  readonly onLogin: (as: LoginCheck['as'], login: Login) => void
}

const tries = 5
const pause = 3_000

/** Asks the guest everything by ssh, and tries to log in as root meanwhile. Throws the signal's reason. */
export async function interview({ defaultUser, checks, onLogin, ...options }: InterviewOptions): Promise<void> {
  const talk = async (as: LoginCheck['as'], user: string, scripts: readonly Script[]) => {
    await askAs(
      { ...options, user, scripts },
      {
        onAnswer: options.onAnswer,
        onLogin: (login) => {
          onLogin(as, login)
        },
      },
    )
  }
  await Promise.all([talk('default-user', defaultUser, checks), talk('root', 'root', [])])
}

/** What is asked in one login. */
export interface Questions extends LoginOptions {
  readonly nonce: string
  readonly scripts: readonly Script[]
}

interface Heard {
  readonly onAnswer: (name: string, answer: Answer) => void
  readonly onLogin: (login: Login) => void
}

/** Logs in as somebody, again while nobody listens yet, and lets a shell of root run scripts. Throws the signal's reason. */
export async function askAs(questions: Questions, { onAnswer, onLogin }: Heard): Promise<void> {
  const { user, nonce, scripts, signal } = questions
  let shell = false
  const onShell = () => {
    shell = true
    onLogin({ user, shell, said: '' })
  }
  for (let left = tries; left > 0; left--) {
    const said = await logIn(questions, joinScripts(scripts, nonce), readAnswers(nonce, { onShell, onAnswer }))
    if (shell) return
    if (left > 1 && isNotListening(said)) await pauseUnlessStopped(signal)
    else {
      onLogin({ user, shell, said })
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
