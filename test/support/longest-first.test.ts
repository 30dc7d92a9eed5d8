import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { longest, longestFirst } from './longest-first.ts'

const root = join(import.meta.dirname, '..', '..')

it('what takes longest comes first, the others as they were', () => {
  const others = ['services/b.test.ts', 'services/a.test.ts']
  const sorted = longestFirst([...others, ...longest.toReversed()].map((file) => ({ moduleId: join(root, file) })))
  expect(sorted.map(({ moduleId }) => moduleId)).toEqual([...longest, ...others].map((file) => join(root, file)))
})

it.each(longest)('%s is there', (file) => {
  expect(existsSync(join(root, file))).toBe(true)
})
