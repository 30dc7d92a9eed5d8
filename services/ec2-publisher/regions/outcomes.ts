import type { MissingPlace } from '#events/vocabulary.ts'
import { messageOf, PermanentError, TransientError } from '#service/errors.ts'
import { failureClassOf, isTransient } from '#service/failure.ts'
import type { Ec2Settings } from '../config.ts'
import { target } from '../step.ts'

/** What could not be done in a region. */
export interface RegionFailure {
  readonly place: string
  readonly error: unknown
}

/** A drop does not wait for such a region. One that is configured no more counted when the drop was made. */
export function isBestEffort(place: string, { bestEffortRegions }: Pick<Ec2Settings, 'bestEffortRegions'>): boolean {
  return bestEffortRegions.includes(place)
}

/**
 * Throws what went wrong in regions that a drop needs, all of it in one error; what went wrong in the others is given as
 * missing.
 */
export function missingUnlessNeeded(failures: readonly RegionFailure[], settings: Ec2Settings): MissingPlace[] {
  const needed = failures.filter(({ place }) => !isBestEffort(place, settings))
  if (needed.length > 0) throw together(needed.map(({ error }) => error))
  return missingIn(failures)
}

/** What went wrong, as places where something is missing. */
export function missingIn(failures: readonly RegionFailure[]): MissingPlace[] {
  return failures.map(({ place, error }) => ({ target, place, reason: messageOf(error) }))
}

/** What a person must mend comes before what passes by itself: trying again would not help. */
export function together(errors: readonly unknown[]): unknown {
  const lasting = errors.filter((error) => !isTransient(error))
  const [first] = [...lasting, ...errors]
  if (errors.length === 1) return first
  const message = [...new Set(errors.map(messageOf))].join('; ')
  if (lasting.length === 0) return new TransientError(message, { cause: first })
  return new PermanentError(failureClassOf(first), message, { cause: first })
}
