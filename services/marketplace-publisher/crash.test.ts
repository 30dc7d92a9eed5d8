import { expect, it } from 'vitest'
import type { WaitFor } from '#service/define.ts'
import type { Fault } from './emulator/server.ts'
import { setUp, type Bench } from './testing/bench.ts'
import { handle, handleToTheEnd, published, superseded, told, wokenFrom, type Said } from './testing/events.ts'
import { changeSetsOf } from './testing/look.ts'

const hour = 3_600_000

/**
 * Handles an event to its end, hours going by; at the `number`th call the publisher is killed, before the call has any effect
 * (`lost`), or after it had and before the answer is heard (`unheard`, of calls that have an effect), and the job runs again from
 * its last wait. Null: there was no such call.
 */
async function surviveKill(
  bench: Bench,
  event: Parameters<typeof handle>[1],
  number: number,
  fault: Fault,
): Promise<readonly Said[] | null> {
  let calls = 0
  let state: 'alive' | 'killed' | 'again' = 'alive'
  const killed = new AbortController()
  await bench.restart({
    faults: ({ operation }) => {
      if (state === 'killed') return 'lost'
      if (fault === 'lost' || operation === 'StartChangeSet') calls += 1
      else return null
      if (state === 'again' || calls !== number) return null
      state = 'killed'
      killed.abort(new Error('killed'))
      return fault
    },
  })
  const said: Said[] = []
  let wait: WaitFor | undefined
  for (let left = 30; left > 0; left--) {
    const waited = wait && wokenFrom(wait, bench)
    try {
      const alive = state === 'alive' ? { signal: killed.signal } : {}
      const handled = await handle(bench, event, { ...alive, ...(waited ? { waited } : {}) })
      said.push(...handled.events)
      wait = handled.wait
      if (wait === undefined) return killed.signal.aborted ? said : null
    } catch (error) {
      if (!killed.signal.aborted) throw error
      state = 'again'
    }
    bench.clock.now += hour + 1
  }
  throw new Error('it waits for ever')
}

it.each([
  ['lost', 12],
  ['unheard', 2],
] as const)(
  'lists one version, wherever it is killed (the call is %s)',
  async (fault, calls) => {
    for (let number = 1; ; number++) {
      await using bench = await setUp()
      const said = await surviveKill(bench, published(), number, fault)
      if (said === null) {
        expect(number).toBeGreaterThan(calls)
        return
      }
      expect([number, told(said).at(-1)]).toEqual([number, 'live'])
      expect([number, await changeSetsOf(bench)]).toEqual([number, ['add SUCCEEDED', 'validate SUCCEEDED']])
    }
  },
  60_000,
)

it.each([
  ['lost', 4],
  ['unheard', 1],
] as const)(
  'restricts it once, wherever it is killed (the call is %s)',
  async (fault, calls) => {
    for (let number = 1; ; number++) {
      await using bench = await setUp()
      await handleToTheEnd(bench, published())
      const said = await surviveKill(bench, superseded(), number, fault)
      if (said === null) {
        expect(number).toBeGreaterThan(calls)
        return
      }
      const all = ['restrict SUCCEEDED', 'add SUCCEEDED', 'validate SUCCEEDED']
      expect([number, await changeSetsOf(bench)]).toEqual([number, all])
    }
  },
  60_000,
)
