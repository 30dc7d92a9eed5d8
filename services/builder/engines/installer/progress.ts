import type { Progress } from '#bus/bus.ts'

/** What a tool says at the start of each step that takes long, in order, and what people are told then. */
export type Steps = readonly (readonly [RegExp, string])[]

/** Within a step: `Installing bash-5.2 (17/312)`. */
const part = /\((\d+)\/(\d+)\)/

/** Turns what a tool says into progress that never goes back, even when a step shows up twice. */
export function createStepReader(steps: Steps, report: (progress: Progress) => void): (line: string) => void {
  let reached = -1
  return (line) => {
    const index = steps.findIndex(([pattern]) => pattern.test(line))
    const phase = steps[index]?.[1]
    if (phase === undefined) return
    const [, done, total] = part.exec(line) ?? []
    const within = total === undefined ? 0 : Math.min(Number(done) / Math.max(Number(total), 1), 1)
    // Whole percents of a step, so that a thousand packages are no thousand messages.
    const at = index + Math.floor(within * 0.99 * 100) / 100
    if (at <= reached) return
    reached = at
    report({ phase, done: at, total: steps.length, unit: 'steps' })
  }
}
