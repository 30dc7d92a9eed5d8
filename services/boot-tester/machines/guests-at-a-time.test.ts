import { expect, it } from 'vitest'
import { guestsAtATime } from './guests-at-a-time.ts'

it.each([
  ['one for each processor', { processors: 2, freeMib: 20_000 }, 2],
  ['no more than the free memory holds', { processors: 16, freeMib: 6_000 }, 4],
  ['one, where there is room for none: QEMU says what it lacks', { processors: 4, freeMib: 700 }, 1],
])('%s', (_, host, expected) => {
  expect(guestsAtATime(1024, host)).toBe(expected)
})
