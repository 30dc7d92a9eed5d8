import type { BootContext } from '../boot-report.ts'
import type { Answer, Login } from '../checks/check.ts'
import { lastLine } from '../checks/check.ts'
import { cloudInitFinished } from '../checks/cloud-init/check.ts'
import { followConsole, type Console } from '../console/console.ts'
import { GuestStopped, watchGuest, type GuestWatch, type Limits } from '../guest-watch.ts'
import { askAs, type Questions } from '../guest/interview.ts'
import type { Script } from '../guest/script.ts'
import type { RunningMachine } from '../machines/machine.ts'
import type { Observation } from '../observation.ts'

/** A guest that has been asked everything about its first boot, and lives on. */
export interface LivingGuest {
  readonly running: RunningMachine
  /** Who hears what comes from its console. */
  readonly ears: Set<(bytes: Buffer) => void>
  readonly observation: Pick<Observation, 'begins' | 'seconds' | 'console' | 'findings'>
  /** How it is asked. */
  readonly access: Omit<Questions, 'scripts' | 'signal'>
  readonly limits: Limits
  /** For what is copied. */
  readonly folder: string
  readonly context: BootContext
}

interface Part {
  readonly watch: GuestWatch
  /** Followed for the last line of cloud-init. */
  readonly console: Console
  readonly signal: AbortSignal
}

/** Does something with a guest while its console is followed. Throws GuestStopped when it ends, gives up or takes too long. */
export async function livingThrough<T>(
  { running, ears, observation, context }: LivingGuest,
  limits: Limits,
  work: (part: Part) => Promise<T>,
): Promise<T> {
  using watch = watchGuest(limits, () => console.lastLine())
  const console = followConsole([cloudInitFinished], {
    seconds: observation.seconds,
    onDeadEnd: (line) => {
      watch.stop(new GuestStopped(`the guest gave up: ${line}`))
    },
  })
  const hear = (bytes: Buffer) => {
    watch.touch()
    console.write(bytes)
  }
  ears.add(hear)
  running.ended.then((how) => {
    watch.stop(new GuestStopped(how))
  }, watch.stop)
  try {
    return await work({ watch, console, signal: AbortSignal.any([context.signal, watch.signal]) })
  } finally {
    ears.delete(hear)
  }
}

/** Lets a shell of root run scripts in a guest, and gives what each said, by name. Throws GuestStopped when nobody lets us in. */
export async function askAgain(
  { access }: LivingGuest,
  scripts: readonly Script[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Answer>> {
  const answers = new Map<string, Answer>()
  const logins: Login[] = []
  await askAs(
    { ...access, scripts, signal },
    {
      onAnswer: (name, answer) => answers.set(name, answer),
      onLogin: (login) => logins.push(login),
    },
  )
  const [login] = logins
  if (login?.shell !== true) {
    throw new GuestStopped(`${access.user} could not log in again: ${lastLine(login?.said ?? '')}`)
  }
  return answers
}
