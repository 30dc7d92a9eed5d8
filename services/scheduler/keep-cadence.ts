import { setTimeout } from 'node:timers/promises'
import { cadenceReached } from '#events/cadence.ts'
import { say as state } from '#events/define.ts'
import type { Say } from '#service/host.ts'
import type { Policy } from './policy/policy.ts'
import { dailyTick, untilNextTick } from './stream/cadence.ts'

/** A clock that is set, and a machine that sleeps, are noticed within this time, in milliseconds. */
const longestSleep = 3_600_000

interface CadenceOptions {
  readonly cadence: Policy['cadence']
  readonly now: () => Date
}

/**
 * Says once for each time at which the cadence was reached, starting with the last one: what was missed while nothing
 * ran is caught up once.
 */
export async function keepCadence(say: Say, { cadence, now }: CadenceOptions, signal: AbortSignal): Promise<void> {
  let said = ''
  while (!signal.aborted) {
    const time = dailyTick(now(), cadence).toISOString()
    if (time !== said) await say(state(cadenceReached, { time, stream: null }), `cadence:${time}`)
    said = time
    // The timer ends with the signal; that is no error.
    await setTimeout(Math.min(untilNextTick(now(), cadence), longestSleep), null, { signal }).catch(() => null)
  }
}
