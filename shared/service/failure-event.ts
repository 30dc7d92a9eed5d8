import { say, type EventDefinition, type Said } from '#events/define.ts'
import { dropFailed } from '#events/drop-failed.ts'
import type { Envelope } from '#events/envelope.ts'
import { imageFailed } from '#events/image-failed.ts'
import { messageOf } from './errors.ts'
import { failureClassOf } from './failure.ts'

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
