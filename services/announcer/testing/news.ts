import { dropExpired } from '#events/drop-expired.ts'
import { dropPublished, type DropPublished } from '#events/drop-published.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { seal, type Envelope } from '#events/envelope.ts'

const noon = '2026-07-11T12:00:00.000Z'

/** The news that a drop is published. */
export function published(body: DropPublished, time = noon): Envelope {
  return seal({ subject: dropPublished.subject, body }, { now: new Date(time) })
}

/** The news that a drop is superseded. */
export function superseded(body: DropPublished, by: string, time = noon): Envelope {
  const { drop, kind, milestone, compose, images } = body
  return seal(
    { subject: dropSuperseded.subject, body: { drop, kind, milestone, compose, images, by } },
    { now: new Date(time) },
  )
}

/** The news that a drop has expired. */
export function expired(body: DropPublished, time = noon): Envelope {
  const { drop, kind, milestone, compose, images } = body
  return seal(
    { subject: dropExpired.subject, body: { drop, kind, milestone, compose, images, keptDays: 14 } },
    { now: new Date(time) },
  )
}
