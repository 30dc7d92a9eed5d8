import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Keeps what is no longer used from piling up. Our new space is small, so what one message needs soon counts as old, and
 * by itself V8 lets that grow to four times what is in use before it looks, and looks at an idle process only after eight
 * seconds: after a rush of messages nine tenths of 200 MB were garbage.
 */
export function keepGarbageSmall(): void {
  setFlagsFromString('--heap-growing-percent=50')
  setFlagsFromString('--gc-memory-reducer-start-delay-ms=1000')
}

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
