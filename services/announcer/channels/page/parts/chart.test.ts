import { expect, it } from 'vitest'
import { lineChart } from './chart.ts'

/** What is drawn of some values: the way of the first line. */
function wayOf(values: readonly (number | null)[]): string {
  const columns = values.map((_, index) => `2026-07-${String(index + 1)}`)
  const { markup } = lineChart({ title: 'Boot', unit: 'seconds', columns, lines: [{ name: 'generic', values }] })
  return / d="([^"]*)"/.exec(markup)?.[1] ?? ''
}

it('a line goes up where the value does, from the first column to the last', () => {
  const points = [...wayOf([1, 2, 3]).matchAll(/L([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)])
  const [[x0 = 0, y0 = 0] = [], [x1 = 0, y1 = 0] = [], [x2 = 0, y2 = 0] = []] = points
  expect(points).toHaveLength(3)
  expect(x1 - x0).toBeCloseTo(x2 - x1, 0)
  expect(y0 - y1).toBeCloseTo(y1 - y2, 0)
  expect(y0).toBeGreaterThan(y2)
})

it('a line breaks where there is no value, and one value alone is a dot', () => {
  expect(wayOf([1, null, 3]).match(/M/g)).toHaveLength(2)
  expect(wayOf([5])).toMatch(/^M(\S+ \S+)l0 0L\1$/)
  expect(wayOf([null, null])).toBe('')
})
