import { dropOverdue } from '#events/calendar.ts'
import type { EventDefinition } from '#events/define.ts'
import { dropUnchanged } from '#events/comparison.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropFailed } from '#events/drop-failed.ts'
import { dropPublished, type DropPublished } from '#events/drop-published.ts'
import { dropReady, type DropReady } from '#events/drop-ready.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imagePublished } from '#events/image-published.ts'
import { imageUploaded } from '#events/image-uploaded.ts'
import { imageTested } from '#events/image-tested.ts'
import type { DropImage, Registration, Verdict } from '#events/vocabulary.ts'

const noon = '2026-07-11T12:00:00.000Z'

/** The news that a drop is published. */
export function published(body: DropPublished, time = noon): Envelope {
  return seal({ subject: dropPublished.subject, body }, { now: new Date(time) })
}

/** The news that an image of a drop is public, and where. */
export function imageOpened(
  { drop, compose }: DropPublished,
  { image }: DropImage,
  registrations: readonly Registration[],
): Envelope {
  return sealed(imagePublished, { drop, compose, image, registrations: [...registrations] })
}

/** The news that an image of a drop is in a cloud, and not open there yet. */
export function imageTaken(
  { drop, compose }: DropPublished,
  { image }: DropImage,
  registrations: readonly Registration[],
): Envelope {
  return sealed(imageUploaded, { drop, compose, image, registrations: [...registrations], bytes: 0, seconds: 1 })
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

/** The news that no compose has come for the drop of a week; `newest` is the last compose that came. */
export function overdue(newest: string): Envelope {
  return sealed(dropOverdue, { ...dropOverdue.example, stream: 'Debian-12', newest })
}

/** The news that a drop is not built, because nothing has changed since another. */
export function unchanged({ drop, kind, milestone, compose }: DropPublished, since: string): Envelope {
  return sealed(dropUnchanged, { drop, kind, milestone, compose, since })
}

/** The news that the first image of a drop failed. */
export function imageFailing({ drop, compose, images }: DropPublished, reason: string, id?: string): Envelope {
  const [{ image }] = images as [DropImage]
  const failure = { step: 'builder', class: 'recipe' as const, reason, log: null }
  return sealed(imageFailed, { drop, compose, image, failure }, id)
}

/** The news that a step on a whole drop failed. */
export function dropFailing({ drop }: DropPublished, reason: string, id?: string): Envelope {
  const failure = { step: reason, class: 'refused' as const, reason, log: null }
  return sealed(dropFailed, { drop, failure }, id)
}

/** The news that a drop has the images that it will have, and is to be blessed by a person or the policy. */
export function ready(body: DropPublished, gate: DropReady['gate'] = 'person', id?: string): Envelope {
  const { drop, kind, milestone, compose, images } = body
  const complete = images.every(({ outcome }) => outcome === 'passed')
  return sealed(dropReady, { drop, kind, milestone, compose, images, complete, gate }, id)
}

/** The verdict on the first image of a drop. */
export function tested({ drop, compose, images }: DropPublished, verdict: Verdict, id?: string): Envelope {
  const [{ image, checks }] = images as [DropImage]
  const body = { ...imageTested.example, drop, compose, image, verdict }
  return sealed(
    imageTested,
    { ...body, checks: checks.map((check) => (verdict === 'failed' ? { ...check, outcome: verdict } : check)) },
    id,
  )
}

function sealed<Body>(event: EventDefinition<string, Body>, body: Body, id?: string): Envelope {
  return seal({ subject: event.subject, body }, { now: new Date(noon), ...(id === undefined ? {} : { id }) })
}
