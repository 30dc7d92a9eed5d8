import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createPace, type Pace } from './pace.ts'

let turns: boolean[]
let pace: Pace

beforeEach(() => {
  vi.useFakeTimers()
  turns = []
  pace = createPace((areShort) => turns.push(areShort))
})
afterEach(() => {
  vi.useRealTimers()
})

it('takes jobs for short when ten in a row were, and says so once', () => {
  work(9, 999)
  expect(turns).toEqual([])
  work(20, 999)
  expect(turns).toEqual([true])
})

it('knows of a long job before it has ended, and then waits for ten short ones again', () => {
  work(10, 5)
  const end = pace.begin()
  vi.advanceTimersByTime(999)
  expect(turns).toEqual([true])
  vi.advanceTimersByTime(1)
  expect(turns).toEqual([true, false])
  work(9, 5)
  end()
  expect(turns).toEqual([true, false])
  work(1, 5)
  expect(turns).toEqual([true, false, true])
  expect(pace.areShort).toBe(true)
})

it('says nothing of a service all of whose jobs are long', () => {
  work(30, 1_001)
  expect(turns).toEqual([])
})

/** So many jobs, one after the other, of so many milliseconds. */
function work(count: number, milliseconds: number): void {
  for (let index = 0; index < count; index += 1) {
    const end = pace.begin()
    vi.advanceTimersByTime(milliseconds)
    end()
  }
}
