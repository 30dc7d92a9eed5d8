import { ArtifactCorrupted, ArtifactMissing, ArtifactStoreRefused, ArtifactStoreUnavailable } from '#artifacts/store.ts'
import { say, type EventDefinition, type Said } from '#events/define.ts'
import { dropFailed } from '#events/drop-failed.ts'
import type { Envelope } from '#events/envelope.ts'
import { imageFailed } from '#events/image-failed.ts'
import type { FailureClass } from '#events/vocabulary.ts'
import { isDiskFull } from '#files/errors.ts'
import { ToolFailed, ToolMissing } from '#subprocess/errors.ts'
import { Cancelled, messageOf, PermanentError, TransientError } from './errors.ts'

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

/**
 * The event that tells the others that this job's image, or drop, cannot go on; none when it was about neither, or when
 * neither depends on it.
 */
export function failureEvent(
  service: { name: string; emits: readonly EventDefinition[]; asides: readonly EventDefinition[] },
  event: Envelope,
  error: unknown,
): Said[] {
  const failure = { step: service.name, class: failureClassOf(error), reason: messageOf(error), log: null }
  const { body } = event
  if (typeof body !== 'object' || body === null || event.drop === null) return []
  if (service.asides.some(({ subject }) => subject === event.subject)) return []
  if ('image' in body && emits(service.emits, imageFailed)) {
    const { drop, compose, image } = body as Parameters<typeof imageFailed.summary>[0]
    return [say(imageFailed, { drop, compose, image, failure })]
  }
  return emits(service.emits, dropFailed) ? [say(dropFailed, { drop: event.drop, failure })] : []
}

function emits(emitted: readonly EventDefinition[], definition: { subject: string }): boolean {
  return emitted.some((one) => one.subject === definition.subject)
}
