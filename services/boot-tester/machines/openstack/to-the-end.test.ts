import { expect, it } from 'vitest'
import { toTheEnd } from './to-the-end.ts'

it('gives what was made', async () => {
  expect(await toTheEnd(() => Promise.resolve('a server'), new AbortController().signal)).toBe('a server')
})

it('asks for nothing once we are told to stop', async () => {
  let asked = 0
  const ask = () => Promise.resolve((asked += 1))
  await expect(toTheEnd(ask, AbortSignal.abort(new Error('told to stop')))).rejects.toThrow('told to stop')
  expect(asked).toBe(0)
})

it('hears the answer before it stops when it is told to meanwhile', async () => {
  const stop = new AbortController()
  const answer = Promise.withResolvers<string>()
  let ended = false
  const asking = toTheEnd((signal) => {
    expect(signal).not.toBe(stop.signal)
    return answer.promise
  }, stop.signal).finally(() => {
    ended = true
  })
  asking.catch(() => {})
  stop.abort(new Error('told to stop'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(ended).toBe(false)
  answer.resolve('a server')
  await expect(asking).rejects.toThrow('told to stop')
})
