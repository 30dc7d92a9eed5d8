import { classifyKoji, explainKoji } from '../classify.ts'
import type { Step } from './bench.ts'

/** What a step waits for; fails the test when it waits for nothing. */
export function waitOf(step: Step) {
  if (!step) throw new Error('it does not wait')
  return step
}

/** How the engine explains the end of a step. */
export async function failureOf(work: Promise<unknown>) {
  const error: unknown = await work.then(
    () => null,
    (caught: unknown) => caught,
  )
  return { class: classifyKoji(error), reason: explainKoji(error) }
}
