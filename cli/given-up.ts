import { once } from 'node:events'
import type { Bus } from '#bus/bus.ts'

/** Waits for the end; rejects when a broker refuses us for good: then we end with its reason, not in a loop. */
export async function orGivenUp(end: Promise<unknown>, buses: readonly Bus[]): Promise<void> {
  const refusals = buses.map(async ({ givenUp }) => {
    if (!givenUp.aborted) await once(givenUp, 'abort')
    throw givenUp.reason
  })
  await Promise.race([end, ...refusals])
}
