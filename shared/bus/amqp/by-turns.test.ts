import { Writable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { writeByTurns } from './by-turns.ts'

/** A stream that notes what goes out together. */
function noting() {
  const calls: string[][] = []
  const stream = new Writable({
    decodeStrings: false,
    writev(chunks, done) {
      calls.push(chunks.map(({ chunk }) => String(chunk)))
      done()
    },
    write(chunk, _encoding, done) {
      calls.push([String(chunk)])
      done()
    },
  })
  writeByTurns(stream)
  return { calls, stream }
}

it('sends what is written in one turn together, in order, and holds up none of it', async () => {
  const { calls, stream } = noting()
  for (const text of ['a', 'b', 'c']) stream.write(text)
  await nextTurn()
  expect(calls).toEqual([['a', 'b', 'c']])
  stream.write('d')
  await nextTurn()
  stream.write('e')
  await nextTurn()
  expect(calls).toEqual([['a', 'b', 'c'], ['d'], ['e']])
})

it('asks who writes to wait when there is too much, and lets it go on afterwards', async () => {
  const { calls, stream } = noting()
  const drained = Promise.withResolvers<void>()
  stream.once('drain', drained.resolve)
  expect(stream.write('x'.repeat(stream.writableHighWaterMark))).toBe(false)
  await drained.promise
  expect(stream.write('y')).toBe(true)
  await nextTurn()
  expect(calls.map((call) => call.map((text) => text[0]))).toEqual([['x'], ['y']])
})

it('sends everything before it ends', async () => {
  const { calls, stream } = noting()
  const finished = Promise.withResolvers<void>()
  stream.write('a')
  stream.write('b')
  stream.end('c', finished.resolve)
  await finished.promise
  expect(calls.flat()).toEqual(['a', 'b', 'c'])
})
