import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Registration } from '#events/vocabulary.ts'
import { failureClassOf } from '#service/failure.ts'
import type { OpenPlace, PlaceDeclaration, StartedPlace, Step } from './testing/contract-place.ts'
import type { Fate } from './testing/faulty-proxy.ts'
import {
  atRequest,
  deathAt,
  doAll,
  forEachRequest,
  fromRequest,
  openTrial,
  persistent,
  type Trial,
} from './testing/trial.ts'

const timeout = 180_000
const hour = 3_600_000
/** How soon a publisher ends when it is told to, and when it waits for nobody longer than a second. */
const promptly = 3_000
const bounded = 30_000

/** What every publisher promises of its place, whatever becomes of its requests, of itself, and of what it has made. */
export function publisherContract(name: string, declaration: PlaceDeclaration): void {
  const { exceptions = {} } = declaration
  describe(`the publisher ${name}`, { timeout }, () => {
    let started: StartedPlace
    let requests: Requests
    beforeAll(async () => {
      started = await declaration.start()
      requests = await countRequests(started)
    }, 300_000)
    afterAll(async () => {
      await started[Symbol.asyncDispose]()
    })

    it('takes an image from private to public to gone, and does nothing new when it is asked again', async () => {
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

    it.each(['lost', 'unheard'] as const)(
      'killed at any of its changes, goes on from there: one image, closed until it may be open (the request is %s)',
      async (fate) => {
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
      await using trial = await openTrial(started)
      for (let number = 1; number <= requests.changes; number += 1) await dieAt(trial, number, 'unheard', 0)
      await expectAfter(trial.place, 'publish', await trial.goOn(trial.place.steps))
    })

    it('three at once on one image make one, open one and remove one', async () => {
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

    it('refused from any of its requests on, says so, and goes on when it is allowed again', async () => {
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

    it('leaves alone what somebody else has made under its name, and says so or makes its own', async () => {
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

    const again = exceptions['made anew'] === undefined ? 'makes it anew' : 'says that it cannot be made anew'
    it(`does not say that an image is there which somebody removed meanwhile, and ${again} when asked again`, async () => {
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
          expect([['environment', 'transient', 'refused'].includes(failureClassOf(error)), error]).toEqual([
            true,
            error,
          ])
        if (exceptions['made anew'] === undefined) await expectAfter(place, 'publish', await trial.goOn(place.steps))
        else await expectRefusedWhereGone(trial, number === requests.toOpen)
      })
    })

    it.each([
      ['ahead', hour],
      ['behind', -hour],
    ])('with a clock that is an hour %s, works, or says that it is the clock', async (_, clockAhead) => {
      await using trial = await openTrial(started)
      const { place } = trial
      const work = trial.with((publisher, signal) => doAll(persistent(publisher), place.steps, { signal }), {
        clockAhead,
      })
      const error = await errorOf(work)
      if (error !== undefined) expect(error).toMatchObject({ message: expect.stringMatching(/clock/) as string })
      await expectAfter(place, 'publish', await trial.goOn(place.steps))
    })

    it('waits for a place that never answers no longer than it may, and leaves it for another time', async () => {
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

    it('stopped at any of its requests, ends at once, and a withdrawal leaves nothing of it', async () => {
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
  })
}

interface Requests {
  /** From nothing to an open image. */
  readonly toOpen: number
  /** From nothing to nothing, only those that change something. */
  readonly changes: number
}

async function countRequests(started: StartedPlace): Promise<Requests> {
  await using trial = await openTrial(started)
  const { place } = trial
  let count = 0
  let changes = 0
  return await trial.with(
    async (publisher, signal) => {
      const registrations = await doAll(persistent(publisher), place.steps, { signal })
      const toOpen = count
      await doAll(publisher, place.endings.slice(0, 1), { registrations, signal })
      return { toOpen, changes }
    },
    {
      meets(call) {
        count += 1
        if (place.isChange(call)) changes += 1
        return 'passes'
      },
    },
  )
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

/** The numbers up to the last one, or every so many of them, beginning after the first few. */
function upTo(last: number, stride = 1, after = 0): number[] {
  return Array.from({ length: last }, (_, index) => index + 1).filter((number) => (number - 1 - after) % stride === 0)
}

async function reasonsOf(started: StartedPlace): Promise<string[]> {
  await using place = await started.open()
  return Object.keys(place.refusals)
}

function endingOf({ endings }: OpenPlace, number: number): Step {
  return endings[number % endings.length] ?? 'supersede'
}

/** There is one image, the one that was said, as it has to be after a step; or nothing. */
async function expectAfter(place: OpenPlace, step: Step, registrations: readonly Registration[]): Promise<void> {
  if (step === 'supersede' || step === 'expire') return await expectNothing(place)
  const ours = registrations.map(({ id }) => ({ id, isPublic: step === 'publish', isWhole: true }))
  const { named, ...there } = await place.inventory()
  expect(there, `after ${step}`).toMatchObject({ ours, leftovers: [] })
  expect(ours).toHaveLength(1)
  if (named) expect(named, `named after ${step}`).toEqual(step === 'publish' ? ours.map(({ id }) => id) : [])
}

async function expectNothing(place: OpenPlace): Promise<void> {
  const { named = [], ...there } = await place.inventory()
  expect({ ...there, named }).toMatchObject({ ours: [], leftovers: [], named: [] })
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

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (error: unknown) => error,
  )
}
