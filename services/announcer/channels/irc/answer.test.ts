import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { answerOf } from './answer.ts'

it('an answer that fails after it is given up, or was never waited for, ends no process', async () => {
  const unheard: unknown[] = []
  const hear = (reason: unknown) => unheard.push(reason)
  process.prependListener('unhandledRejection', hear)
  const end = new AbortController()
  const waiting = { what: 'a server', patience: null, signal: end.signal }
  const [first, second] = [Promise.withResolvers<never>(), Promise.withResolvers<never>()]
  const given = answerOf(first.promise, waiting)
  end.abort(new Error('the process stops'))
  await expect(given).rejects.toThrow('the process stops')
  await expect(answerOf(second.promise, waiting)).rejects.toThrow('the process stops')
  for (const { reject } of [first, second]) reject(new Error('the server hung up'))
  await nextTurn()
  process.off('unhandledRejection', hear)
  expect(unheard).toEqual([])
})
