import type { AuditReport, ClaimedDrop } from '#service/audit.ts'
import { messageOf } from '#service/errors.ts'
import { joinReports, unseen } from './audit-place.ts'

/** A place that the settings name, and how it is compared with what drops claim. */
export interface LookedAt {
  readonly place: string
  readonly look: () => Promise<AuditReport>
}

interface Given {
  readonly drops: readonly ClaimedDrop[]
  /** The variable that names the places. */
  readonly setting: string
  readonly signal: AbortSignal
}

/**
 * Looks at all places side by side. One that cannot be looked at is a finding itself, and so is one that public drops are in and the
 * settings do not name any more. Throws when the signal aborts.
 */
export async function auditPlaces(
  places: readonly LookedAt[],
  { drops, setting, signal }: Given,
): Promise<AuditReport> {
  const looks = places.map(async ({ place, look }) => {
    try {
      return await look()
    } catch (error) {
      signal.throwIfAborted()
      return unseen(place, messageOf(error))
    }
  })
  const known = new Set(places.map(({ place }) => place))
  const standing = drops.filter(({ state }) => state === 'public').flatMap(({ registrations }) => registrations)
  const unknown = new Set(standing.map(({ place }) => place)).difference(known)
  const strangers = [...unknown].map((place) =>
    unseen(place, `${place} has images of drops, and ${setting} does not name it any more`),
  )
  return joinReports([...(await Promise.all(looks)), ...strangers])
}
