import type { Judgement, RebootCheck } from '../checks/check.ts'
import { cloudInitFinished } from '../checks/cloud-init/check.ts'
import { judgeReboot, scriptsOf } from '../checks/judge-reboot.ts'
import { askAgain, livingThrough, type LivingGuest } from './living-guest.ts'

/** Under emulation a loader may be silent for minutes while it reads an initrd that the guest has just written. */
const slowdown = 2

/**
 * Boots a guest once more, asks it before and after, and judges what it said. Throws GuestStopped when it does not go down,
 * does not come up again, or lets nobody in.
 */
export async function rebootGuest(
  checks: readonly RebootCheck[],
  guest: LivingGuest,
): Promise<ReadonlyMap<string, Judgement>> {
  const { running, limits, observation } = guest
  const { idle, total } = limits
  // What is asked now may work long without a word on the console.
  const before = await livingThrough(guest, { idle: total, total }, ({ signal }) =>
    askAgain(guest, scriptsOf(checks, 'before'), signal),
  )
  observation.begins('second boot')
  const after = await livingThrough(guest, { idle: idle * slowdown, total }, async ({ signal, watch, console }) => {
    await running.reboot(signal)
    await watch.unlessStopped(console.seen(cloudInitFinished))
    return await askAgain(guest, scriptsOf(checks, 'after'), signal)
  })
  return judgeReboot(checks, before, after)
}
