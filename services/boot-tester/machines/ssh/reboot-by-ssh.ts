import { setTimeout as sleep } from 'node:timers/promises'
import { lastLine, type Answer, type Judgement, type Login, type RebootCheck } from '../../checks/check.ts'
import { judgeReboot, scriptsOf } from '../../checks/judge-reboot.ts'
import { GuestStopped } from '../../guest-watch.ts'
import { askAs, type Questions } from '../../guest/interview.ts'
import type { Script } from '../../guest/script.ts'

type Access = Omit<Questions, 'scripts'>

const pause = 2_000

/** Changes with every boot. */
const bootId: Script = { name: 'boot-id', script: 'cat /proc/sys/kernel/random/boot_id' }
/** Asked to, systemd ends everything in order, this session too. */
const restart: Script = { name: 'restart', script: 'systemctl reboot' }

/**
 * Has a machine restart itself, asks it before and after, and judges what it said. Throws GuestStopped when it lets nobody in
 * before, and the signal's reason when it does not come back.
 */
export async function rebootBySsh(
  checks: readonly RebootCheck[],
  access: Access,
): Promise<ReadonlyMap<string, Judgement>> {
  const before = await ask([bootId, ...scriptsOf(checks, 'before')], access)
  if (!before.login.shell) {
    throw new GuestStopped(`${access.user} could not log in again: ${lastLine(before.login.said)}`)
  }
  await ask([restart], access)
  await untilAnotherBoot(before.answers.get(bootId.name)?.output, access)
  const after = await ask(scriptsOf(checks, 'after'), access)
  return judgeReboot(checks, before.answers, after.answers)
}

async function untilAnotherBoot(first: string | undefined, access: Access): Promise<void> {
  for (;;) {
    access.signal.throwIfAborted()
    const { answers } = await ask([bootId], access)
    const now = answers.get(bootId.name)?.output
    if (now !== undefined && now !== first) return
    await sleep(pause, undefined, { signal: access.signal }).catch(() => {})
  }
}

async function ask(scripts: readonly Script[], access: Access) {
  const answers = new Map<string, Answer>()
  let login: Login = { user: access.user, shell: false, said: '' }
  await askAs(
    { ...access, scripts },
    {
      onAnswer: (name, answer) => answers.set(name, answer),
      onLogin: (one) => {
        login = one
      },
    },
  )
  return { answers, login }
}
