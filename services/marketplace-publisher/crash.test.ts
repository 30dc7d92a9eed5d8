import { expect, it } from 'vitest'
import type { WaitFor } from '#service/define.ts'
import { setUp, type Bench } from './testing/bench.ts'
import { handle, handleToTheEnd, published, superseded, told, wokenFrom, type Said } from './testing/events.ts'
import { changeSetsOf } from './testing/look.ts'

/** That nothing is listed twice, wherever it is killed, is the contract's to say; here, that no change is asked for twice. */

const hour = 3_600_000

/**
 * Handles an event to its end, hours going by; the publisher is killed when its `number`th change set was taken, before it hears of
 * that, and the job runs again from its last wait. Null: there was no such change set.
 */
async function surviveKill(
  bench: Bench,
  event: Parameters<typeof handle>[1],
  number: number,
): Promise<readonly Said[] | null> {
  let changes = 0
  let state: 'alive' | 'killed' | 'again' = 'alive'
  const killed = new AbortController()
  await bench.restart({
    faults: ({ operation }) => {
      if (state === 'killed') return 'lost'
      if (operation !== 'StartChangeSet') return null
      changes += 1
      if (state === 'again' || changes !== number) return null
      state = 'killed'
      killed.abort(new Error('killed'))
      return 'unheard'
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

it('validates once and adds once, killed before it hears that a change set was taken', async () => {
  for (const number of [1, 2]) {
    await using bench = await setUp()
    const said = await surviveKill(bench, published(), number)
    expect([number, said && told(said).at(-1)]).toEqual([number, 'live'])
    expect([number, await changeSetsOf(bench)]).toEqual([number, ['add SUCCEEDED', 'validate SUCCEEDED']])
  }
  await using bench = await setUp()
  expect(await surviveKill(bench, published(), 3)).toBeNull()
})

it('restricts once, killed before it hears that the change set was taken', async () => {
  await using bench = await setUp()
  await handleToTheEnd(bench, published())
  expect(await surviveKill(bench, superseded(), 1)).not.toBeNull()
  expect(await changeSetsOf(bench)).toEqual(['restrict SUCCEEDED', 'add SUCCEEDED', 'validate SUCCEEDED'])
})
