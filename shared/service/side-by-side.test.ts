import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { sideBySide } from './side-by-side.ts'

const { signal } = new AbortController()

it('results come in order, and no more work is done at once than was said', async () => {
  let running = 0
  let most = 0
  const work = [30, 1, 1, 1, 1].map((milliseconds, index) => async () => {
    most = Math.max(most, ++running)
    await sleep(milliseconds)
    running--
    return index
  })
  expect(await sideBySide(work, { atOnce: 2, signal })).toEqual([0, 1, 2, 3, 4])
  expect(most).toBe(2)
})

it('the first error ends the others, starts no more, and is thrown when all have ended', async () => {
  const ends: string[] = []
  const work = [
    async (stop: AbortSignal) => {
      await sleep(60_000, undefined, { signal: stop }).catch(() => ends.push('stopped'))
      stop.throwIfAborted()
    },
    () => Promise.reject(new Error('lost')),
    () => {
      ends.push('started')
      return Promise.resolve()
    },
  ]
  await expect(sideBySide(work, { atOnce: 2, signal })).rejects.toThrow('lost')
  expect(ends).toEqual(['stopped'])
})

it('nothing is started once it was cancelled', async () => {
  const cancelled = AbortSignal.abort(new Error('cancelled'))
  const work = [() => Promise.reject(new Error('started'))]
  await expect(sideBySide(work, { atOnce: 1, signal: cancelled })).rejects.toThrow('cancelled')
})
