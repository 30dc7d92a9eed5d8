import { pino } from 'pino'
import { expect, it } from 'vitest'
import { poll } from './poll.ts'

/** Looks as often as there are outcomes, and gives the waits between. */
async function run(outcomes: readonly boolean[]): Promise<number[]> {
  const ending = new AbortController()
  const left = [...outcomes]
  const waits: number[] = []
  await poll(
    {
      name: 'a source',
      minutes: 15,
      look: () => (left.shift() === true ? Promise.resolve() : Promise.reject(new Error('away'))),
    },
    {
      log: pino({ level: 'silent' }),
      sleep(milliseconds) {
        waits.push(milliseconds)
        if (left.length === 0) ending.abort()
        return Promise.resolve()
      },
    },
    ending.signal,
  )
  return waits
}

it('a source is looked at again after its minutes', async () => {
  expect(await run([true, true])).toEqual([900_000, 900_000])
})

it('after a failure it is looked at sooner, then less and less often, and never less often than usual', async () => {
  const [first = 0, second = 0, ...rest] = await run([false, false, false, false, false, false, false, true, false])
  expect(first).toBeGreaterThanOrEqual(2_500)
  expect(first).toBeLessThanOrEqual(7_500)
  expect(second).toBeGreaterThanOrEqual(10_000)
  expect(Math.max(...rest)).toBe(900_000)
  // A success forgets the failures before it.
  expect(rest.at(-1)).toBeLessThanOrEqual(7_500)
})
