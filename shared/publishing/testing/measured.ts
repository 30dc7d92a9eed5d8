import type { StartedPlace } from './contract-place.ts'
import { doAll, openTrial, persistent } from './trial.ts'

/** How many requests a publisher makes when nothing happens to it. */
interface Requests {
  /** From nothing to an open image. */
  readonly toOpen: number
  /** From nothing to nothing, only those that change something. */
  readonly changes: number
}

/** A started place, and how many requests its publisher makes there. */
export interface Measured {
  readonly started: StartedPlace
  readonly requests: Requests
}

/** Takes one image through the place, and counts. */
export async function measure(started: StartedPlace): Promise<Measured> {
  return { started, requests: await countRequests(started) }
}

async function countRequests(started: StartedPlace): Promise<Requests> {
  await using trial = await openTrial(started)
  const { place } = trial
  let count = 0
  let changes = 0
  return await trial.with(
    async (publisher, signal) => {
      const registrations = await doAll(persistent(publisher), place.steps, { signal })
      const toOpen = count
      await doAll(publisher, place.endings.slice(0, 1), { registrations, signal })
      return { toOpen, changes }
    },
    {
      meets(call) {
        count += 1
        if (place.isChange(call)) changes += 1
        return 'passes'
      },
    },
  )
}
