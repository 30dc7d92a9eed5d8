import { setTimeout } from 'node:timers/promises'
import type { Logger } from 'pino'
import { cadenceReached } from '#events/cadence.ts'
import { say as state } from '#events/define.ts'
import type { Say } from '#service/host.ts'
import type { Policy } from './policy/policy.ts'
import { dailyTick, untilNextTick } from './stream/cadence.ts'

/** A clock that is set, and a machine that sleeps, are noticed within this time, in milliseconds. */
const longestSleep = 3_600_000
/** When it could not be said. */
const secondTry = 60_000

interface CadenceOptions {
  readonly cadence: Policy['cadence']
  readonly now: () => Date
  readonly log: Pick<Logger, 'error'>
  /** Waits some milliseconds, or until the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<unknown>
}

/**
 * Says once for each time at which the cadence was reached, starting with the last one: what was missed while nothing
 * ran is caught up once.
 */
export async function keepCadence(say: Say, options: CadenceOptions, signal: AbortSignal): Promise<void> {
  const { cadence, now, log, sleep } = options
  let said = ''
  while (!signal.aborted) {
    const time = dailyTick(now(), cadence).toISOString()
    let wait = Math.min(untilNextTick(now(), cadence), longestSleep)
    try {
      if (time !== said) await say(state(cadenceReached, { time, stream: null }), `cadence:${time}`)
      said = time
    } catch (error) {
      log.error({ err: error }, 'failed')
      wait = secondTry
    }
    await sleep(wait, signal)
  }
}

/** The timer of the system; the end of the signal is no error. */
export async function sleepUnlessAborted(milliseconds: number, signal: AbortSignal): Promise<void> {
  await setTimeout(milliseconds, null, { signal }).catch(() => null)
}
