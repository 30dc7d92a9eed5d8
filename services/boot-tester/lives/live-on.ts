import { rm } from 'node:fs/promises'
import type { CheckResult } from '#events/vocabulary.ts'
import { skipped, type Judgement, type LaterCheck } from '../checks/check.ts'
import { GuestStopped } from '../guest-watch.ts'
import type { LivingGuest } from './living-guest.ts'
import { rebootGuest } from './reboot-guest.ts'
import { shutDownGuest } from './shut-down-guest.ts'

/** What came of a guest that has lived on. */
export interface Later {
  readonly results: readonly CheckResult[]
  /** A raw copy of the disk that it has left, where another instance is to start from it. */
  readonly disk: string | null
}

/** Takes a guest that has been asked everything through more of its life, as far as checks want it to go. */
export async function liveOn(checks: readonly LaterCheck[], guest: LivingGuest): Promise<Later> {
  const results: CheckResult[] = []
  const tell = ({ name }: LaterCheck, judgement: Judgement) => {
    results.push({ name, seconds: guest.observation.seconds(), ...judgement })
  }
  const { stopped, logins } = guest.observation.findings
  if (stopped !== null || logins.get('default-user')?.shell !== true) {
    for (const check of checks) tell(check, skipped(stopped ?? 'there was no shell to ask'))
    return { results, disk: null }
  }
  const ofReboot = checks.filter((check) => check.on === 'reboot')
  const ofEnd = checks.filter((check) => check.on !== 'reboot')
  let disk: string | null = null
  try {
    if (ofReboot.length > 0) {
      const judged = await rebootGuest(ofReboot, guest)
      for (const check of ofReboot) tell(check, judged.get(check.name) ?? notAsked)
    }
    if (ofEnd.length > 0) {
      const { disk: left, ...shutdown } = await shutDownGuest(guest)
      for (const check of ofEnd) {
        if (check.on === 'shutdown') tell(check, check.judge(shutdown))
        else if (left === null) tell(check, skipped('the disk of this machine cannot be read'))
        else disk = left
      }
      if (left !== null && disk === null) await rm(left)
    }
  } catch (error) {
    if (!(error instanceof GuestStopped)) throw error
    const untold = checks.filter(({ name }) => !results.some((result) => result.name === name))
    for (const check of untold) {
      // Where it stopped is the failure; what would have come after it was not tried.
      tell(check, { outcome: check.on === untold[0]?.on ? 'failed' : 'skipped', detail: error.message })
    }
  }
  return { results, disk }
}

const notAsked: Judgement = { outcome: 'failed', detail: 'it was not asked' }
