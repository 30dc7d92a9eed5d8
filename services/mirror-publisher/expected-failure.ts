import { ArtifactCorrupted, ArtifactMissing } from '#artifacts/store.ts'
import type { Failure } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import { KeyRefused } from './signing/public-key.ts'
import { ToolFailed, ToolMissing } from '#subprocess/errors.ts'

/** What the drop is told of an error that a person must see to; null for what nobody expected. */
export function expectedFailure(error: unknown): Failure | null {
  const step = 'mirror-publisher'
  if (error instanceof PermanentError) {
    return { step, class: error.failureClass, reason: error.message, log: null }
  }
  const environment = [ArtifactCorrupted, ArtifactMissing, ToolMissing, ToolFailed, KeyRefused]
  for (const kind of environment) {
    if (error instanceof kind) return { step, class: 'environment', reason: error.message, log: null }
  }
  return null
}
