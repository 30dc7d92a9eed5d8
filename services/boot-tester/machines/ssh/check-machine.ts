import type { CheckResult } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import { lastLine, type Check, type GuestCheck, type RebootCheck, type Subject } from '../../checks/check.ts'
import { judge, type Findings } from '../../findings.ts'
import { GuestStopped } from '../../guest-watch.ts'
import { interview } from '../../guest/interview.ts'
import { rebootBySsh } from './reboot-by-ssh.ts'

/** A machine that is there already, and is not ours: nobody here takes its power away or touches its disk. */
export interface ExistingMachine {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly privateKeyFile: string
  /** Who it has to be, in ssh's own form. */
  readonly knownHostsFile: string
}

interface CheckMachineOptions {
  readonly checks: readonly Check[]
  /** It is restarted once when there are any. */
  readonly later: readonly RebootCheck[]
  /** In milliseconds, for all of it. */
  readonly within: number
  /** No other asks with it. */
  readonly nonce: string
  /** What ssh says is kept there. */
  readonly log: string
  readonly signal: AbortSignal
  readonly now: () => Date
}

/** What is judged by what only who made the machine knows: the size of its image. */
const unknowable = new Set(['root-grown'])

/** The checks that can be asked of a machine of which nothing is there but ssh. */
export function askable(checks: readonly Check[], { user }: Pick<ExistingMachine, 'user'>): Check[] {
  return checks.flatMap((check) => {
    const isRootItself = user === 'root' && check.on === 'login' && check.as === 'root'
    if (check.on === 'console' || unknowable.has(check.name) || isRootItself) return []
    return [check.on === 'guest' ? withoutConsole(check) : check]
  })
}

function withoutConsole({ expects: _expects, ...check }: GuestCheck): GuestCheck {
  return check
}

/**
 * Asks a machine by ssh what these checks want to know, and restarts it where some are about that. Throws PermanentError when
 * it cannot be reached, or is another machine than the one that is known.
 */
export async function checkMachine(machine: ExistingMachine, options: CheckMachineOptions): Promise<CheckResult[]> {
  const { later, within, nonce, log, now } = options
  const checks = askable(options.checks, machine)
  const start = now().getTime()
  const seconds = () => (now().getTime() - start) / 1000
  const findings = nothingFound()
  const results: CheckResult[] = []
  using limit = endAfter(within)
  const access = { ...machine, nonce, log, signal: AbortSignal.any([options.signal, limit.signal]) }
  try {
    await interview({
      ...access,
      defaultUser: machine.user,
      checks: checks.filter((check) => check.on === 'guest'),
      onAnswer: (name, answer) => findings.answers.set(name, { ...answer, seconds: seconds() }),
      onLogin: (as, login) => findings.logins.set(as, { ...login, seconds: seconds() }),
    })
    assertReached(findings)
    if (later.length > 0 && isLetIn(findings)) {
      for (const [name, judgement] of await rebootBySsh(later, access)) {
        results.push({ name, seconds: seconds(), ...judgement })
      }
    }
  } catch (error) {
    if (!(error instanceof GuestStopped)) throw error
    findings.stopped = error.message
  }
  const outcome = isLetIn(findings) ? 'failed' : 'skipped'
  const untold = later.filter(({ name }) => !results.some((result) => result.name === name))
  return [
    ...judge(checks, findings, anyImage, seconds()),
    ...results,
    ...untold.map(({ name }): CheckResult => {
      return { name, outcome, seconds: seconds(), detail: findings.stopped ?? 'there was no shell to ask' }
    }),
  ]
}

/** Its console is out of reach. */
function nothingFound(): Findings {
  return { answers: new Map(), logins: new Map(), found: () => null, stopped: null, asked: true }
}

/** Of its image nothing is known, and any cloud may have told it who it is. */
const anyImage: Subject = { imageBytes: 0, diskBytes: 0, reportedAs: /DataSource/ }

/** Who turns us away has been reached; all else says nothing about the machine. */
function assertReached({ logins }: Findings): void {
  const login = logins.get('default-user')
  if (login === undefined || login.shell || /Permission denied/.test(login.said)) return
  throw new PermanentError('environment', `it cannot be reached by ssh: ${lastLine(login.said)}`)
}

function isLetIn({ logins }: Findings): boolean {
  return logins.get('default-user')?.shell === true
}

function endAfter(milliseconds: number): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController()
  const timer = setTimeout(() => {
    controller.abort(new GuestStopped(`not done within ${String(milliseconds / 1000)} s`))
  }, milliseconds)
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer)
    },
  }
}
