import { expect, it } from 'vitest'
import { rememberLines } from './recent-lines.ts'

function remembered(count: number) {
  const lines = rememberLines()
  for (let at = 1; at <= count; at++) lines.add(`line ${String(at)}`, at)
  return lines
}

it('the lines around a time are the eight before and the four after', () => {
  const around = remembered(100).around(50, 'line 100')
  expect(around).toHaveLength(12)
  expect([around[0], around[7], around[11]]).toEqual(['line 43', 'line 50', 'line 54'])
})

it('at the end there are the last, with the one that is not complete', () => {
  expect(remembered(2).around(99, 'login:')).toEqual(['line 1', 'line 2', 'login:'])
  expect(remembered(0).around(99, '')).toEqual([])
})

it('a guest that says much and in long lines fills no memory', () => {
  const lines = remembered(10_000)
  const [oldest = ''] = lines.around(1, '')
  expect(Number(oldest.replace('line ', ''))).toBeGreaterThan(9_000)
  lines.add('x'.repeat(5000), 10_001)
  expect(lines.around(10_001, '').at(-1)).toHaveLength(200)
})
