import { expect } from 'vitest'
import type { Registration } from '#events/vocabulary.ts'
import type { OpenPlace, Step } from './contract-place.ts'

/** There is one image, the one that was said, as it has to be after a step; or nothing. */
export async function expectAfter(place: OpenPlace, step: Step, registrations: readonly Registration[]): Promise<void> {
  if (step === 'supersede' || step === 'expire') return await expectNothing(place)
  const ours = registrations.map(({ id }) => ({ id, isPublic: step === 'publish', isWhole: true }))
  const { named, ...there } = await place.inventory()
  expect(there, `after ${step}`).toMatchObject({ ours, leftovers: [] })
  expect(ours).toHaveLength(1)
  if (named) expect(named, `named after ${step}`).toEqual(step === 'publish' ? ours.map(({ id }) => id) : [])
}

/** Nothing of ours is there, nor named. */
export async function expectNothing(place: OpenPlace): Promise<void> {
  const { named = [], ...there } = await place.inventory()
  expect({ ...there, named }).toMatchObject({ ours: [], leftovers: [], named: [] })
}

/** How the image ends in the trial of this number: each ending has its turn. */
export function endingOf({ endings }: OpenPlace, number: number): Step {
  return endings[number % endings.length] ?? 'supersede'
}

/** The numbers up to the last one, or every so many of them, beginning after the first few. */
export function upTo(last: number, stride = 1, after = 0): number[] {
  return Array.from({ length: last }, (_, index) => index + 1).filter((number) => (number - 1 - after) % stride === 0)
}

/** What became of work that may fail. */
export async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (error: unknown) => error,
  )
}
