import type { FailureClass } from '#events/vocabulary.ts'
import { isDiskFull } from '#files/errors.ts'
import { PermanentError, TransientError } from '#service/errors.ts'
import { ToolFailed, ToolMissing } from '#subprocess/errors.ts'
import { RecipeRefused } from '../recipe.ts'

/** What words of a tool mean, most telling first. */
export type Meanings = readonly (readonly [RegExp, FailureClass])[]

/** What an operator has to do about a failed run of an engine's tool, by its last words when it ended by itself. */
export function classifyTool(error: unknown, meanings: Meanings): FailureClass {
  if (error instanceof PermanentError) return error.failureClass
  if (error instanceof TransientError) return 'transient'
  if (error instanceof RecipeRefused) return 'refused'
  if (error instanceof ToolMissing) return 'environment'
  if (isDiskFull(error)) return 'capacity'
  if (!(error instanceof ToolFailed)) return 'bug'
  switch (error.end.why) {
    case 'signal':
      return 'transient'
    case 'deadline':
    case 'idle':
      return 'stuck'
    case 'exit':
      return meanings.find(([pattern]) => pattern.test(error.tail))?.[1] ?? 'bug'
  }
}
