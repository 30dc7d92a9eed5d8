import { join } from 'node:path'
import { InvalidConfig } from '#service/config.ts'
import { messageOf } from '#service/errors.ts'
import { assertAllowedLocation } from '../compose/location.ts'
import { createMetadataReader } from '../compose/read-metadata.ts'
import { createPlaceReader } from '../compose/read-place.ts'
import type { readSchedulerConfig } from '../config.ts'
import type { Policy } from '../policy/policy.ts'
import { archiveSource } from './archive.ts'
import type { OfferOptions } from './offer.ts'
import type { Source } from './poll.ts'
import { statusSource } from './status.ts'

interface RecoveryOptions extends OfferOptions {
  readonly config: ReturnType<typeof readSchedulerConfig>
  readonly stateFolder: string
}

/** Where the scheduler looks for composes whose message was lost: what policy and settings name, which may be nothing. */
export function recoverySources({ config, stateFolder, ...offering }: RecoveryOptions): Source[] {
  const { policy, allowed } = offering
  const bounds = { deadline: config.metadataDeadline, maxBytes: config.metadataMaxBytes }
  const sources: Source[] = []
  if (policy.recovery.composes.length + policy.recovery.folders.length > 0) {
    const read = createPlaceReader({ allowed, ...bounds })
    const readMetadata = createMetadataReader({ allowed, ...bounds })
    sources.push(statusSource({ ...offering, read, readMetadata }))
  }
  if (config.archiveUrl !== undefined) {
    sources.push(
      archiveSource({
        ...offering,
        ...bounds,
        url: config.archiveUrl,
        topics: config.archiveTopics,
        minutes: config.archiveMinutes,
        overlap: config.archiveOverlap,
        days: config.archiveDays,
        memory: join(stateFolder, 'archive-seen'),
      }),
    )
  }
  return sources
}

/** Throws InvalidConfig naming the place in the policy at which no compose may lie. */
export function assertRecoveryPlaces({ recovery }: Policy, allowed: readonly string[]): void {
  for (const key of ['composes', 'folders'] as const) {
    for (const [index, place] of recovery[key].entries()) {
      try {
        assertAllowedLocation(place, allowed, `recovery.${key}.${String(index)}`)
      } catch (error) {
        throw new InvalidConfig(messageOf(error), { cause: error })
      }
    }
  }
}
