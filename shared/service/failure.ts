import { ArtifactCorrupted, ArtifactMissing, ArtifactStoreRefused, ArtifactStoreUnavailable } from '#artifacts/store.ts'
import type { FailureClass } from '#events/vocabulary.ts'
import { isDiskFull } from '#files/errors.ts'
import { ToolFailed, ToolMissing } from '#subprocess/errors.ts'
import { Cancelled, PermanentError, TransientError } from './errors.ts'

/** What kind of failure an error is. */
export function failureClassOf(error: unknown): FailureClass {
  if (error instanceof PermanentError) return error.failureClass
  if (isTransient(error)) return 'transient'
  if (error instanceof Cancelled) return 'cancelled'
  if (error instanceof ToolMissing) return 'environment'
  if (error instanceof ArtifactMissing || error instanceof ArtifactCorrupted) return 'environment'
  if (error instanceof ArtifactStoreRefused) return 'environment'
  if (isDiskFull(error)) return 'capacity'
  if (error instanceof ToolFailed) return error.end.why === 'exit' ? 'bug' : 'stuck'
  return 'bug'
}

/** Whether another try may help without anybody's doing. */
export function isTransient(error: unknown): boolean {
  if (error instanceof TransientError || error instanceof ArtifactStoreUnavailable) return true
  return error instanceof ToolFailed && error.end.why === 'signal'
}
