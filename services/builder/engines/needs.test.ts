import { expect, it } from 'vitest'
import { leastOf, needsOfRoot, needsOfTool } from './needs.ts'

const image = { architecture: 'x86_64' } as const

it('a build needs root only when each engine of its plan does', () => {
  expect(leastOf([needsOfRoot(image), needsOfRoot(image)])).toMatchObject({ root: true, architecture: 'x86_64' })
  expect(leastOf([needsOfRoot(image), needsOfTool(image)])).toMatchObject({ root: false, architecture: 'x86_64' })
})

it('a build that may be done elsewhere needs nothing of this host', () => {
  const needs = leastOf([{}, needsOfRoot(image)])
  expect(needs).toEqual({ cores: 0, memoryMib: 0, diskMib: 0, kvm: false, root: false })
  expect(leastOf([])).toEqual({})
})
