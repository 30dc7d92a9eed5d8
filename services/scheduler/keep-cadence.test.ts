import { pino } from 'pino'
import { expect, it } from 'vitest'
import { keepCadence, sleepUnlessAborted } from './keep-cadence.ts'

const cadence = { weekday: 'Monday' as const, hour: 6, patienceDays: 2 }
const log = pino({ level: 'silent' })

/** Runs the clock over some hours; `fails` are the times of saying that do not succeed. */
async function run(from: string, hours: number, fails: readonly number[] = []): Promise<(string | undefined)[]> {
  const ending = new AbortController()
  const end = Date.parse(from) + hours * 3_600_000
  let time = Date.parse(from)
  const said: (string | undefined)[] = []
  let times = 0
  await keepCadence(
    (_event, seed) => {
      if (fails.includes(times++)) return Promise.reject(new Error('the ledger is busy'))
      said.push(seed)
      return Promise.resolve('id')
    },
    {
      cadence,
      log,
      now: () => new Date(time),
      sleep(milliseconds) {
        expect(milliseconds).toBeGreaterThan(0)
        time += milliseconds
        if (time >= end) ending.abort()
        return Promise.resolve()
      },
    },
    ending.signal,
  )
  return said
}

it('the time that passed last is said at the start, and each day at its hour', async () => {
  expect(await run('2026-07-14T05:30:00Z', 49)).toEqual([
    'cadence:2026-07-13T06:00:00.000Z',
    'cadence:2026-07-14T06:00:00.000Z',
    'cadence:2026-07-15T06:00:00.000Z',
    'cadence:2026-07-16T06:00:00.000Z',
  ])
})

it('what could not be said is said again soon', async () => {
  expect(await run('2026-07-14T05:30:00Z', 25, [1, 2])).toEqual([
    'cadence:2026-07-13T06:00:00.000Z',
    'cadence:2026-07-14T06:00:00.000Z',
    'cadence:2026-07-15T06:00:00.000Z',
  ])
})

it('a wait ends at once when the process stops', async () => {
  const ending = new AbortController()
  const waited = sleepUnlessAborted(3_600_000, ending.signal)
  ending.abort()
  await expect(waited).resolves.toBeUndefined()
})
