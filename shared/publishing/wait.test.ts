import { expect, it } from 'vitest'
import { patiently, pollFor, pollUntil, type Pace } from './wait.ts'

function stopped(): { readonly pace: Pace; readonly reason: Error } {
  const stop = new AbortController()
  const reason = new Error('told to stop')
  setTimeout(() => {
    stop.abort(reason)
  }, 20)
  return { pace: { every: 60_000, patience: 60_000, signal: stop.signal }, reason }
}

it('who is stopped while it looks ends at once, by the reason', async () => {
  const { pace, reason } = stopped()
  await expect(pollUntil('there', () => Promise.resolve(null), pace)).rejects.toBe(reason)
})

it('who is stopped while it tries again ends at once, by the reason', async () => {
  const { pace, reason } = stopped()
  const busy = () => Promise.reject(new Error('busy'))
  await expect(patiently(busy, () => true, pace)).rejects.toBe(reason)
})

it('looks soon again for what has only just been missed, however slow the pace is, and not all the time', async () => {
  let looks = 0
  const look = () => {
    looks += 1
    return Promise.resolve(null)
  }
  const signal = new AbortController().signal
  expect(await pollFor(look, { every: 60_000, patience: 1_000, signal })).toBeNull()
  expect(looks).toBeGreaterThan(8)
  expect(looks).toBeLessThan(60)
})
