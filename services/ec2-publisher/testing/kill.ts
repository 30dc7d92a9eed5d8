import type { Fault } from '../emulator/faults.ts'
import { handle, type Bench } from './bench.ts'

/** Looks that come before anything is begun, or change nothing that is. */
const looks = new Set([
  'DescribeRegions',
  'GetEbsEncryptionByDefault',
  'GetImageBlockPublicAccessState',
  'GetServiceQuota',
  'ListSnapshotBlocks',
  'GetSnapshotBlock',
])

type Event = Parameters<typeof handle>[1]

interface Kill {
  readonly number: number
  readonly fault: Fault
  /** Counts only the calls to this region. */
  readonly region?: string
}

/**
 * Ends the publisher at its `number`th call to the cloud: before the call has any effect, or after it had and before
 * the answer is heard. Emulator and publisher are then started again, as after a SIGKILL. False: there was no such call.
 */
export async function killAt(bench: Bench, event: Event, { number, fault, region }: Kill): Promise<boolean> {
  const abort = new AbortController()
  let killed = false
  let calls = 0
  await bench.restart({
    faults: (call) => {
      // Calls that were on their way besides are lost with it.
      if (killed) return 'lost'
      // Nothing can be left behind by what only asks whether it would be allowed, or reads.
      if (call.isDryRun || looks.has(call.operation)) return null
      if (region !== undefined && call.region !== region) return null
      calls += 1
      if (calls !== number) return null
      killed = true
      abort.abort(new Error('killed'))
      return fault
    },
  })
  await handle(bench, event, { signal: abort.signal }).catch((error: unknown) => {
    if (!killed) throw error
  })
  await bench.restart({ faults: () => null })
  return killed
}

/** Tries every number from 1 until there is no such call; so many at once, as most of the time is waiting. */
export async function forEachCall(survive: (number: number) => Promise<boolean>): Promise<number> {
  const atOnce = 6
  for (let first = 1; ; first += atOnce) {
    const numbers = Array.from({ length: atOnce }, (_, index) => first + index)
    const killed = await Promise.all(numbers.map(survive))
    if (killed.includes(false)) return first - 1 + killed.indexOf(false)
  }
}
