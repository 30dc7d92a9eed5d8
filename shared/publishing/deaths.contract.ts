import { expect, it } from 'vitest'
import type { Registration } from '#events/vocabulary.ts'
import type { OpenPlace, Step } from './testing/contract-place.ts'
import { endingOf, errorOf, expectAfter, expectNothing, upTo } from './testing/expectations.ts'
import type { Fate } from './testing/faulty-proxy.ts'
import type { Measured } from './testing/measured.ts'
import { atRequest, deathAt, doAll, forEachRequest, openTrial, persistent, type Trial } from './testing/trial.ts'

/** How soon a publisher ends when it is told to. */
const promptly = 3_000

/** A publisher that is killed or stopped goes on from there, or leaves nothing. */
export function testDeaths(given: () => Measured): void {
  it.each(['lost', 'unheard'] as const)(
    'killed at any of its changes, goes on from there: one image, closed until it may be open (the request is %s)',
    async (fate) => {
      const { started, requests } = given()
      // Before a change is after the one before it, but where several are on their way at once.
      const stride = fate === 'lost' ? started.stride : 1
      let deaths = 0
      await forEachRequest(upTo(requests.changes, stride), started.atOnce, async (number) => {
        await using trial = await openTrial(started)
        const { place } = trial
        const { left, died } = await dieAt(trial, number, fate)
        if (died) deaths += 1
        await expectNothingUntimely(place, left.steps[0])
        let { registrations } = left
        for (const step of left.steps) {
          registrations = await trial.goOn([step], registrations)
          await expectAfter(place, step, registrations)
        }
      })
      // Those that look until something is done do so more or less often.
      expect(deaths).toBeGreaterThan(requests.changes / stride / 2)
    },
  )

  it('killed again and again on one and the same image, ends with one', async () => {
    const { started, requests } = given()
    await using trial = await openTrial(started)
    for (let number = 1; number <= requests.changes; number += 1) await dieAt(trial, number, 'unheard', 0)
    await expectAfter(trial.place, 'publish', await trial.goOn(trial.place.steps))
  })

  it('stopped at any of its requests, ends at once, and a withdrawal leaves nothing of it', async () => {
    const { started, requests } = given()
    await forEachRequest(upTo(requests.toOpen, started.stride, 2), started.atOnce, async (number) => {
      await using trial = await openTrial(started)
      const { place } = trial
      const stop = new AbortController()
      let since = 0
      let known: readonly Registration[] = []
      const work = trial.with(
        (publisher, signal) =>
          doAll(persistent(publisher), place.steps, {
            signal,
            onDone(said) {
              known = said
            },
          }),
        {
          meets: atRequest(number, () => {
            since = performance.now()
            stop.abort(new Error('stopped'))
            return number % 2 === 0 ? 'silent' : 'unheard'
          }),
          signal: stop.signal,
        },
      )
      const error = await errorOf(work)
      if (!stop.signal.aborted) return
      expect(error).toBe(stop.signal.reason)
      expect(performance.now() - since).toBeLessThan(promptly)
      await trial.goOn([endingOf(place, number)], known)
      await expectNothing(place)
    })
  })
}

/** A publisher dies at one of its changes on the way to the open image, and to its end; what it has left to do. */
async function dieAt({ place, ...trial }: Trial, number: number, fate: Fate, endings = 1) {
  let steps: readonly Step[] = [...place.steps, ...[endingOf(place, number)].slice(0, endings)]
  let registrations: readonly Registration[] = []
  const { meets, signal } = deathAt(place, number, fate)
  const work = trial.with(
    (publisher) =>
      doAll(persistent(publisher), steps, {
        signal,
        onDone(said) {
          steps = steps.slice(1)
          registrations = said
        },
      }),
    { meets, signal },
  )
  const error = await errorOf(work)
  if (error !== undefined && !signal.aborted) throw error
  return { left: { steps, registrations }, died: signal.aborted }
}

/** Whatever a publisher has left when it died: nothing is open before it may be, or without all of its bits, and nothing is there twice. */
async function expectNothingUntimely(place: OpenPlace, step: Step | undefined): Promise<void> {
  const { ours, named = [] } = await place.inventory()
  expect(ours.length).toBeLessThanOrEqual(1)
  const open = ours.filter(({ isPublic }) => isPublic)
  if (step === 'upload') expect(open).toEqual([])
  // A name never leads to what not everybody can have.
  expect(open.map(({ id }) => id)).toEqual(expect.arrayContaining([...named]))
  expect(open.filter(({ isWhole }) => !isWhole)).toEqual([])
}
