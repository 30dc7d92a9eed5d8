import { expect, it } from 'vitest'
import { release } from './release.ts'

it('frees memory of which all parts are given, and of which there is one', () => {
  const memory = Buffer.alloc(64 * 1024)
  const parts = [memory.subarray(0, 1000), memory.subarray(1000)]
  const whole = Buffer.alloc(64 * 1024)
  release([...parts, whole])
  expect([...parts, whole].map(({ length }) => length)).toEqual([0, 0, 0])
})

it('leaves memory alone of which somebody may need another part', () => {
  const memory = Buffer.alloc(64 * 1024, 'x')
  release([memory.subarray(1)])
  expect(memory.toString()).toBe('x'.repeat(64 * 1024))
})

it('leaves alone what Node cuts small buffers from', () => {
  const [mine, other] = [Buffer.from('mine'), Buffer.from('other')]
  release([mine])
  expect([String(mine), String(other)]).toEqual(['mine', 'other'])
})
