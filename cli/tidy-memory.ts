import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** By then everything that a start needs was used. */
const settleTime = 1_000

/**
 * Gives back what starting needed, once: a service that waits for work makes no garbage, so nothing would collect what
 * its start has left, some 5 MB in each of many processes.
 */
export function tidyMemoryAfterStart(): void {
  setTimeout(() => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as (options: object) => void
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  }, settleTime).unref()
}
