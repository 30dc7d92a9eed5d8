import type { Logger } from 'pino'
import type { Progress } from '#bus/bus.ts'
import type { KojiBuilt } from './collect/collect.ts'
import type { KojiState } from './state.ts'

/** What one step is given. */
export interface StepContext {
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
  readonly log: Logger
  readonly now: () => Date
  readonly logFile: string
  readonly work: string
  /** What the step before returned with `wait`; anything else at the first. */
  readonly state: unknown
}

/** What a step comes to: the image, or what it waits for and what the next step needs to go on. */
export type Step =
  | { readonly done: KojiBuilt }
  | {
      readonly wait: {
        readonly for: string | null
        readonly until: Date
        readonly reason: string
        readonly state: KojiState
      }
    }

/** When to look again, whatever has come. Not all at the same moment: thousands may wait. */
export function nextLook(task: number, now: Date, poll: number): Date {
  return new Date(now.getTime() + poll * (0.75 + ((task * 7919) % 1000) / 2000))
}
