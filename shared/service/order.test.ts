import { expect, it } from 'vitest'
import { exampleImageContext } from '#events/examples.ts'
import { orderOf } from './order.ts'

const planned = { ...exampleImageContext, image: { ...exampleImageContext.image, preemptible: true } }

it.each([
  ['milestone-Fedora-44-20260102.0', 0, false],
  ['weekly-Fedora-44-20260102.n.0', 1, true],
  ['nightly-Fedora-44-20260102.n.0', 2, true],
])('a job on an image of %s has the priority %i; whether it may be preempted: %s', (drop, priority, preemptible) => {
  expect(orderOf({ drop, body: planned })).toMatchObject({ priority, preemptible, share: 'Fedora-19' })
  expect(orderOf({ drop, body: exampleImageContext })).toMatchObject({ priority, preemptible: false })
})

it('what is of no drop goes first, and nothing takes its place', () => {
  expect(orderOf({ drop: null, body: planned })).toEqual({ priority: 0, share: null, preemptible: false })
})
