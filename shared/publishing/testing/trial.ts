import { setTimeout as sleep } from 'node:timers/promises'
import type { Registration } from '#events/vocabulary.ts'
import { TransientError } from '#service/errors.ts'
import type { Call, OpenPlace, Publisher, PublisherOptions, StartedPlace, Step } from './contract-place.ts'
import { createFaultyProxy, type Fate, type Meets } from './faulty-proxy.ts'

/** One image on its way through one place, in the hands of publishers that come and go. */
export interface Trial extends AsyncDisposable {
  readonly place: OpenPlace
  /** Lets a new publisher work until it ends by itself, or by the signal. */
  with<Result>(
    work: (publisher: Publisher, signal: AbortSignal) => Promise<Result>,
    met?: Met & PublisherOptions,
  ): Promise<Result>
  /** A new publisher that nothing happens to does the steps, as often as the runtime would try. */
  goOn(
    steps: readonly Step[],
    registrations?: readonly Registration[],
    options?: PublisherOptions,
  ): Promise<readonly Registration[]>
}

/** What happens to a publisher. */
export interface Met {
  readonly meets?: Meets
  readonly signal?: AbortSignal
}

const tries = 5
const passes: Meets = () => 'passes'

export async function openTrial(started: StartedPlace): Promise<Trial> {
  const place = await started.open()
  const trial: Trial = {
    place,
    async with(work, { meets = passes, signal = new AbortController().signal, ...options } = {}) {
      await using proxy = createFaultyProxy(meets)
      try {
        return await work(await place.publisher(proxy.via, options), signal)
      } finally {
        await proxy.settled()
      }
    },
    goOn: (steps, registrations = [], options = {}) =>
      trial.with((publisher, signal) => doAll(persistent(publisher), steps, { registrations, signal }), options),
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  }
  return trial
}

interface Begun {
  readonly registrations?: readonly Registration[]
  readonly signal: AbortSignal
  /** Called after each step. */
  readonly onDone?: (registrations: readonly Registration[]) => void
}

/** Does steps one after the other, each with what the one before has said. */
export async function doAll(
  publisher: Publisher,
  steps: readonly Step[],
  { registrations: given = [], signal, onDone = () => {} }: Begun,
): Promise<readonly Registration[]> {
  let registrations = given
  for (const step of steps) {
    registrations = await publisher(step, registrations, signal)
    onDone(registrations)
  }
  return registrations
}

/** Tries again what passes by itself, as the runtime does. */
export function persistent(publisher: Publisher): Publisher {
  return async (step, registrations, signal) => {
    for (let tried = 1; ; tried += 1) {
      try {
        return await publisher(step, registrations, signal)
      } catch (error) {
        if (tried === tries || signal.aborted || !(error instanceof TransientError)) throw error
      }
      await sleep(tried * 100)
    }
  }
}

/** Something happens at the `number`th request. */
export function atRequest(number: number, happens: (call: Call) => Fate | Promise<Fate>): Meets {
  let count = 0
  return (call) => {
    count += 1
    return count === number ? happens(call) : 'passes'
  }
}

/** From the `number`th request on, the same becomes of all. */
export function fromRequest(number: number, fate: Fate): Meets {
  let count = 0
  return () => {
    count += 1
    return count >= number ? fate : 'passes'
  }
}

/** The publisher dies at its `number`th change, as by SIGKILL: what is on its way besides is lost with it. */
export function deathAt({ isChange }: OpenPlace, number: number, fate: Fate): Required<Met> {
  const death = new AbortController()
  const dies = atRequest(number, () => {
    death.abort(new Error('killed'))
    return fate
  })
  const meets: Meets = (call) => {
    if (death.signal.aborted) return 'lost'
    return isChange(call) ? dies(call) : 'passes'
  }
  return { meets, signal: death.signal }
}

/** Makes trials side by side, so many at once; an error says at which request it came. */
export async function forEachRequest(
  numbers: readonly number[],
  atOnce: number,
  act: (number: number) => Promise<void>,
): Promise<void> {
  const left = [...numbers]
  const work = async () => {
    for (let number = left.shift(); number !== undefined; number = left.shift()) {
      try {
        await act(number)
      } catch (error) {
        throw new Error(`at request ${String(number)}: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        })
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}
