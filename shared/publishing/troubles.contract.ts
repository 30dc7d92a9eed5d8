import { expect, it } from 'vitest'
import { failureClassOf } from '#service/failure.ts'
import type { PlaceDeclaration, StartedPlace } from './testing/contract-place.ts'
import { errorOf, expectAfter, expectNothing, upTo } from './testing/expectations.ts'
import type { Fate } from './testing/faulty-proxy.ts'
import type { Measured } from './testing/measured.ts'
import { atRequest, doAll, forEachRequest, fromRequest, openTrial, persistent, type Trial } from './testing/trial.ts'

/** How soon a publisher gives up when it waits for nobody longer than a second. */
const bounded = 30_000

/** A place that refuses, does not answer, or loses what was made. */
export function testTroubles(given: () => Measured, exceptions: NonNullable<PlaceDeclaration['exceptions']>): void {
  it('refused from any of its requests on, says so, and goes on when it is allowed again', async () => {
    const { started, requests } = given()
    for (const [index, reason] of (await reasonsOf(started)).entries()) {
      await forEachRequest(upTo(requests.toOpen, started.stride, index), started.atOnce, async (number) => {
        await using trial = await openTrial(started)
        const { place } = trial
        let giveBack = async () => {}
        const work = trial.with((publisher, signal) => doAll(persistent(publisher), place.steps, { signal }), {
          meets: atRequest(number, async (): Promise<Fate> => {
            giveBack = (await place.refusals[reason]?.()) ?? giveBack
            return 'passes'
          }),
        })
        const error = await errorOf(work)
        // What was allowed already may be done with: then nothing was refused.
        if (error !== undefined) expect([failureClassOf(error), error], reason).toEqual(['refused', error])
        expect((await place.inventory()).ours.filter((one) => one.isPublic && !one.isWhole)).toEqual([])
        await giveBack()
        await expectAfter(place, 'publish', await trial.goOn(place.steps))
      })
    }
  })

  const again = exceptions['made anew'] === undefined ? 'makes it anew' : 'says that it cannot be made anew'
  it(`does not say that an image is there which somebody removed meanwhile, and ${again} when asked again`, async () => {
    const { started, requests } = given()
    // The last look is where it is said to be open.
    const numbers = new Set([...upTo(requests.toOpen, started.stride, 1), requests.toOpen])
    await forEachRequest([...numbers], started.atOnce, async (number) => {
      await using trial = await openTrial(started)
      const { place } = trial
      let removed = false
      const work = trial.with(
        async (publisher, signal) => {
          const registrations = await doAll(persistent(publisher), place.steps, { signal })
          const there = (await place.inventory()).ours.map(({ id }) => id)
          expect(there).toEqual(registrations.map(({ id }) => id))
        },
        {
          meets: atRequest(number, async (): Promise<Fate> => {
            await place.removeOurs()
            removed = true
            return 'passes'
          }),
        },
      )
      const error = await errorOf(work)
      if (!removed) return
      if (error !== undefined)
        expect([['environment', 'transient', 'refused'].includes(failureClassOf(error)), error]).toEqual([true, error])
      if (exceptions['made anew'] === undefined) await expectAfter(place, 'publish', await trial.goOn(place.steps))
      else await expectRefusedWhereGone(trial, number === requests.toOpen)
    })
  })

  it('waits for a place that never answers no longer than it may, and leaves it for another time', async () => {
    const { started, requests } = given()
    const numbers = [1, Math.ceil(requests.toOpen / 2)]
    await forEachRequest(numbers, numbers.length, async (number) => {
      await using trial = await openTrial(started)
      const { place } = trial
      const start = performance.now()
      const work = trial.with((publisher, signal) => doAll(publisher, place.steps, { signal }), {
        meets: fromRequest(number, 'silent'),
        impatient: true,
      })
      const error = await errorOf(work)
      expect([failureClassOf(error), error]).toEqual(['transient', error])
      expect(performance.now() - start).toBeLessThan(bounded)
      await expectAfter(place, 'publish', await trial.goOn(place.steps))
    })
  })
}

async function reasonsOf(started: StartedPlace): Promise<string[]> {
  await using place = await started.open()
  return Object.keys(place.refusals)
}

/** What was removed can never be there again, and that is said; before it was open there was nothing to remove. */
async function expectRefusedWhereGone({ place, ...trial }: Trial, wasOpen: boolean): Promise<void> {
  const isGone = (await place.inventory()).ours.length === 0
  if (wasOpen) expect(isGone).toBe(true)
  const again = trial.goOn(place.steps)
  if (!isGone) return await expectAfter(place, 'publish', await again)
  const error = await errorOf(again)
  expect([failureClassOf(error), error]).toEqual(['refused', error])
  await expectNothing(place)
}
