import { joinReports, unseen } from '#publishing/audit-place.ts'
import type { Pace } from '#publishing/wait.ts'
import type { AuditReport, ClaimedDrop } from '#service/audit.ts'
import { messageOf } from '#service/errors.ts'
import type { Place } from '../places.ts'
import { auditPlace } from './audit-place.ts'

interface Given {
  readonly drops: readonly ClaimedDrop[]
  readonly repair: boolean
  readonly pace: Pace
}

/** Compares the clouds with what drops claim, side by side; one that cannot be looked at is a finding itself. */
export async function auditPlaces(places: readonly Place[], { drops, repair, pace }: Given): Promise<AuditReport> {
  const looks = places.map(async (place) => {
    try {
      return await auditPlace(place, drops, { repair, pace })
    } catch (error) {
      pace.signal.throwIfAborted()
      return unseen(place.place, messageOf(error))
    }
  })
  const known = new Set(places.map(({ place }) => place))
  const standing = drops.filter(({ state }) => state === 'public').flatMap(({ registrations }) => registrations)
  const unknown = new Set(standing.map(({ place }) => place)).difference(known)
  const strangers = [...unknown].map((place) =>
    unseen(place, `${place} has images of drops, and IMAGEDROP_OPENSTACK_PUBLISHER_CLOUDS does not name it any more`),
  )
  return joinReports([...(await Promise.all(looks)), ...strangers])
}
