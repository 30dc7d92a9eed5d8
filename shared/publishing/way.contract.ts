import { expect, it } from 'vitest'
import type { Registration } from '#events/vocabulary.ts'
import { failureClassOf } from '#service/failure.ts'
import type { PlaceDeclaration } from './testing/contract-place.ts'
import { endingOf, errorOf, expectAfter, expectNothing } from './testing/expectations.ts'
import type { Measured } from './testing/measured.ts'
import { doAll, openTrial, persistent } from './testing/trial.ts'

const hour = 3_600_000

/** The way of an image from nothing to nothing, alone and beside others. */
export function testWay(given: () => Measured, exceptions: NonNullable<PlaceDeclaration['exceptions']>): void {
  it('takes an image from private to public to gone, and does nothing new when it is asked again', async () => {
    const { started } = given()
    for (const number of [0, 1]) {
      await using trial = await openTrial(started)
      const { place } = trial
      await trial.with(async (publisher, signal) => {
        let registrations: readonly Registration[] = []
        for (const step of [...place.steps, endingOf(place, number)]) {
          const first = await publisher(step, registrations, signal)
          await expectAfter(place, step, first)
          const there = await place.inventory()
          expect(await publisher(step, registrations, signal)).toEqual(first)
          expect(await place.inventory()).toEqual(there)
          registrations = first
        }
      })
    }
  })

  it('three at once on one image make one, open one and remove one', async () => {
    const { started } = given()
    await using trial = await openTrial(started)
    const { place } = trial
    let registrations: readonly Registration[] = []
    for (const step of [...place.steps, place.endings[0] ?? 'supersede']) {
      const said = await Promise.all(
        Array.from({ length: 3 }, () => trial.goOn([step], registrations, { realWaits: true })),
      )
      registrations = said[0] ?? []
      expect(said).toEqual(said.map(() => registrations))
      await expectAfter(place, step, registrations)
    }
  })

  it('opens nothing while one of two places is away, and then the same images in both', async ({ skip }) => {
    const { started } = given()
    skip(exceptions['all or none'] !== undefined, exceptions['all or none'])
    await using trial = await openTrial(started)
    const { place } = trial
    let registrations: readonly Registration[] = []
    for (const step of place.steps) {
      const failed = trial.with((publisher, signal) => publisher(step, registrations, signal), {
        meets: (call) => (call.place === 'second' ? 'lost' : 'passes'),
        two: true,
      })
      expect(failureClassOf(await errorOf(failed))).toBe('transient')
      expect((await place.inventory()).ours.filter(({ isPublic }) => isPublic)).toEqual([])
      registrations = await trial.goOn([step], registrations, { two: true })
      expect(new Set(registrations.map((one) => one.place)).size).toBe(2)
    }
    const { ours, leftovers } = await place.inventory()
    expect(leftovers).toEqual([])
    expect(new Set(ours.map(({ id }) => id))).toEqual(new Set(registrations.map(({ id }) => id)))
    expect(ours.every(({ isPublic, isWhole }) => isPublic && isWhole)).toBe(true)
    await trial.goOn(place.endings.slice(0, 1), registrations, { two: true })
    await expectNothing(place)
  })

  it('leaves alone what somebody else has made under its name, and says so or makes its own', async () => {
    const { started } = given()
    await using trial = await openTrial(started)
    const { place } = trial
    await place.occupy()
    const { others } = await place.inventory()
    expect(others).not.toEqual([])
    const error = await errorOf(trial.goOn(place.steps))
    if (error !== undefined) expect([failureClassOf(error), error]).toEqual(['refused', error])
    for (const ending of place.endings) await trial.goOn([ending])
    expect(await place.inventory()).toMatchObject({ ours: [], leftovers: [], others })
    await expectNothing(place)
  })

  it.each([
    ['ahead', hour],
    ['behind', -hour],
  ])('with a clock that is an hour %s, works, or says that it is the clock', async (_, clockAhead) => {
    const { started } = given()
    await using trial = await openTrial(started)
    const { place } = trial
    const work = trial.with((publisher, signal) => doAll(persistent(publisher), place.steps, { signal }), {
      clockAhead,
    })
    const error = await errorOf(work)
    if (error !== undefined) expect(error).toMatchObject({ message: expect.stringMatching(/clock/) as string })
    await expectAfter(place, 'publish', await trial.goOn(place.steps))
  })
}
