import { setTimeout as sleep } from 'node:timers/promises'
import { TransientError } from '#service/errors.ts'

/** How often we look, how long we go on, and what may stop us. Times in milliseconds. */
export interface Pace {
  readonly every: number
  readonly patience: number
  readonly signal: AbortSignal
}

const firstPause = 50

/**
 * Looks again and again, first quickly and then at the pace, until there is something. What took long is seen little later than it
 * was there: no pause is longer than an eighth of the time before it. Throws TransientError.
 */
export async function pollUntil<Seen>(what: string, look: () => Promise<Seen | null>, pace: Pace): Promise<Seen> {
  const seen = await pollFor(look, pace)
  if (seen !== null) return seen
  throw new TransientError(`${what}: not so within ${String(pace.patience / 1000)} s`)
}

/** The same for what may as well be looked for another time: null when there is nothing within the patience. */
export async function pollFor<Seen>(look: () => Promise<Seen | null>, pace: Pace): Promise<Seen | null> {
  const began = performance.now()
  for (let waited = 0; waited < pace.patience; waited = performance.now() - began) {
    const seen = await look()
    if (seen !== null) return seen
    await rest(jittered(Math.min(pace.every, Math.max(firstPause, waited / 8))), pace.signal)
  }
  return await look()
}

/** Tries again while the error is one that passes by itself; throws the last one when patience is over. */
export async function patiently<Result>(
  act: () => Promise<Result>,
  passes: (error: unknown) => boolean,
  pace: Pace,
): Promise<Result> {
  for (const pause of pauses(pace)) {
    try {
      return await act()
    } catch (error) {
      pace.signal.throwIfAborted()
      if (!passes(error)) throw error
    }
    await rest(pause, pace.signal)
  }
  return await act()
}

/** Throws what the signal was given as the reason; the timer by itself says only that it was aborted. */
async function rest(time: number, signal: AbortSignal): Promise<void> {
  await sleep(time, undefined, { signal }).catch(() => {
    signal.throwIfAborted()
  })
}

/** Doubling up to the pace: who is busy is left alone longer each time. */
function* pauses({ every, patience }: Pace): Generator<number> {
  const end = performance.now() + patience
  for (let step = Math.min(firstPause, every); performance.now() < end; step = Math.min(step * 2, every))
    yield jittered(step)
}

/** So that many waiters do not come back together. */
function jittered(pause: number): number {
  return pause * (0.5 + Math.random() / 2)
}
