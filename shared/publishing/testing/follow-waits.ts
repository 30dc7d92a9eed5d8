import { setTimeout as sleep } from 'node:timers/promises'
import type { Waited, WaitFor } from '#service/define.ts'
import type { PublisherOptions } from './contract-place.ts'

interface Handled<Said> {
  readonly events: readonly Said[]
  readonly wait?: WaitFor
}

/** What a handler is given when it runs again; nothing at first. */
export interface Woken {
  readonly waited?: Waited & { readonly why: 'time' }
  readonly now: () => Date
}

/** Real milliseconds between two looks: whoever is waited for works by the real clock. */
const shortPause = 10
const longPause = 1_100
const mostWaits = 2_000

/** As the runtime does: calls a handler again after each wait, when its time has come, until there is none. */
export async function followWaits<Said>(
  handle: (woken: Woken) => Promise<Handled<Said>>,
  { realWaits = false }: PublisherOptions = {},
): Promise<readonly Said[]> {
  const start = new Date()
  const said: Said[] = []
  let woken: Woken = { now: () => start }
  for (let waits = 0; waits < mostWaits; waits++) {
    const { events, wait } = await handle(woken)
    said.push(...events)
    if (wait === undefined) return said
    const since = woken.waited?.since ?? woken.now()
    const { until } = wait
    woken = { now: () => until, waited: { state: wait.state, since, why: 'time' } }
    await sleep(realWaits ? longPause : shortPause)
  }
  throw new Error('it waits for ever')
}
