import type { Context } from '#service/define.ts'
import { TransientError } from '#service/errors.ts'
import type { Moment } from './boot-report.ts'
import type { Check } from './checks/check.ts'
import { cloudInitFinished } from './checks/cloud-init/check.ts'
import { loginPrompt } from './checks/login-prompt/check.ts'
import { followConsole, type Console } from './console/console.ts'
import { consoleDeviceLate, loaderSpeaks } from './console/phases.ts'
import { rememberLines } from './console/recent-lines.ts'
import { defaultUserLine } from './datasources/instance.ts'
import type { Findings } from './findings.ts'
import { GuestStopped, watchGuest, type GuestWatch, type Limits } from './guest-watch.ts'
import type { InterviewOptions } from './guest/interview.ts'
import type { RunningMachine } from './machines/machine.ts'

interface ObserveOptions {
  readonly checks: readonly Check[]
  readonly limits: Limits
  readonly nonce: string
  readonly recipe: string
  readonly context: Pick<Context, 'now' | 'progress'>
  /** The guest has come to where there is something to see on its screen. */
  readonly onMoment: (moment: Exclude<Moment, 'end'>) => void
}

/** One guest as we see it: its console, what was found, and when to stop looking. */
export interface Observation extends Disposable {
  readonly console: Console
  readonly watch: GuestWatch
  readonly findings: Findings
  /** How the boot went: what began when, in seconds after power-on. */
  readonly phases: () => readonly { readonly name: string; readonly seconds: number }[]
  /** It begins another part of its life. */
  readonly begins: (phase: string) => void
  /** What the console showed about a time. */
  readonly linesAround: (seconds: number) => string[]
  readonly onConsole: (bytes: Buffer) => void
  /** Sets the clock to zero. */
  readonly poweredOn: (machine: Pick<RunningMachine, 'accelerator'>) => void
  readonly seconds: () => number
  readonly reachedUserspace: () => boolean
  readonly defaultUser: () => string
  /** What is called with whatever the guest answers. */
  readonly beginInterview: () => Pick<InterviewOptions, 'onAnswer' | 'onLogin'>
}

/** Starts observing. */
export function observe({ checks, limits, nonce, recipe, context, onMoment }: ObserveOptions): Observation {
  const { now, progress } = context
  let start = now()
  const seconds = () => (now().getTime() - start.getTime()) / 1000
  let userspace = false
  let isEmulated = false
  let late: string | null = null
  // Its getty is not tried again: an emulated guest that gets too little of its host would fail for that.
  const giveUpIfTooSlow = () => {
    if (late !== null && isEmulated)
      watch.stop(new TransientError(`this host is too slow for an emulated guest: ${late}`))
  }
  progress({ phase: 'firmware' })
  const phases: { name: string; seconds: number }[] = [{ name: 'firmware', seconds: 0 }]
  const lines = rememberLines()

  const defaultUser = defaultUserLine(nonce)
  const watch = watchGuest(limits, () => console.lastLine())
  const seen = [defaultUser, cloudInitFinished, loaderSpeaks, loginPrompt.expects, ...expectedBy(checks)]
  const console = followConsole(seen, {
    seconds,
    onPhase: (phase) => {
      userspace ||= phase !== 'kernel'
      // The screen still shows what was there before it.
      onMoment(phase === 'kernel' ? 'loader' : 'boot')
      phases.push({ name: phase, seconds: seconds() })
      progress({ phase })
    },
    onLine: (line) => {
      lines.add(line, seconds())
      if (!consoleDeviceLate.test(line)) return
      late = line
      giveUpIfTooSlow()
    },
    onDeadEnd: (line) => {
      watch.stop(new GuestStopped(`the guest gave up: ${line}`))
    },
  })
  void console.seen(loaderSpeaks).then(() => {
    onMoment('loader')
  })
  void console.seen(loginPrompt.expects).then(() => {
    onMoment('login')
  })
  const findings: Findings = {
    answers: new Map(),
    logins: new Map(),
    found: console.found,
    stopped: null,
    asked: false,
  }
  const heard = () => {
    watch.touch()
    progress({
      phase: 'checks',
      done: findings.answers.size + findings.logins.size,
      total: askedOf(checks),
      unit: 'checks',
    })
  }

  return {
    console,
    watch,
    findings,
    phases: () => phases,
    begins: (phase) => {
      phases.push({ name: phase, seconds: seconds() })
      progress({ phase })
    },
    linesAround: (at) => lines.around(at, console.lastLine()),
    seconds,
    onConsole: (bytes) => {
      watch.touch()
      console.write(bytes)
    },
    poweredOn: ({ accelerator }) => {
      start = now()
      isEmulated = accelerator === 'tcg'
      giveUpIfTooSlow()
    },
    reachedUserspace: () => userspace,
    // cloud-init names its default user after the distribution, as recipes are named.
    defaultUser: () => console.found(defaultUser)?.match[1] ?? recipe.split('-')[0] ?? recipe,
    beginInterview: () => {
      findings.asked = true
      phases.push({ name: 'checks', seconds: seconds() })
      heard()
      return {
        onAnswer: (check, answer) => {
          findings.answers.set(check, { ...answer, seconds: seconds() })
          heard()
        },
        onLogin: (as, login) => {
          findings.logins.set(as, { ...login, seconds: seconds() })
          heard()
        },
      }
    },
    [Symbol.dispose]: () => {
      watch[Symbol.dispose]()
    },
  }
}

/** What the console must show for all checks to pass. */
export function expectedBy(checks: readonly Check[]): RegExp[] {
  return checks.flatMap((check) => (check.on !== 'login' && check.expects ? [check.expects] : []))
}

function askedOf(checks: readonly Check[]): number {
  return checks.filter((check) => check.on !== 'console').length
}
