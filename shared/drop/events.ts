import { dropExpiryReached } from '#events/cadence.ts'
import { dropCompared, dropComparisonRequested, dropUnchanged } from '#events/comparison.ts'
import type { EventDefinition, SaidOf } from '#events/define.ts'
import { dropAnnounced } from '#events/drop-announced.ts'
import { dropBlessed } from '#events/drop-blessed.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropFailed } from '#events/drop-failed.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { dropPublished } from '#events/drop-published.ts'
import { dropReady } from '#events/drop-ready.ts'
import { dropScheduled } from '#events/drop-scheduled.ts'
import { dropStaged } from '#events/drop-staged.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageConverted } from '#events/image-converted.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imagePublished } from '#events/image-published.ts'
import { imageRequested } from '#events/image-requested.ts'
import { imageTested } from '#events/image-tested.ts'
import { imageUploaded } from '#events/image-uploaded.ts'
import { blessingRequested, cancellationRequested, retryRequested, supersessionRequested } from '#events/operator.ts'

const imageWords = [imageBuilt, imageConverted, imageTested, imageUploaded, imagePublished, imageFailed] as const
const dropWords = [dropCompared, dropStaged, dropMirrored, dropAnnounced, dropFailed] as const
const requests = [
  blessingRequested,
  cancellationRequested,
  retryRequested,
  supersessionRequested,
  dropExpiryReached,
] as const

/** What the state machine of a drop hears. */
export const heardByDrop = [dropScheduled, ...imageWords, ...dropWords, ...requests] as const

/** What it says. */
export const saidByDrop = [
  dropComparisonRequested,
  dropUnchanged,
  imageRequested,
  dropReady,
  dropBlessed,
  dropPublished,
  dropSuperseded,
  dropCancelled,
  dropExpired,
  dropFailed,
] as const

type Heard<Definition> =
  Definition extends EventDefinition<infer Subject, infer Body>
    ? { readonly subject: Subject; readonly time: string; readonly body: Body }
    : never

/** A service's word on an image. */
export type ImageWord = Heard<(typeof imageWords)[number]>
/** A service's word on a whole drop. */
export type DropWord = Heard<(typeof dropWords)[number]>
/** What a person, a respin or the calendar wants of a drop. */
export type DropRequest = Heard<(typeof requests)[number]>
/** The part of an envelope that a decision is made of. */
export type DropEvent = Heard<(typeof heardByDrop)[number]>
export type DropSaid = SaidOf<(typeof saidByDrop)[number]>

const imageSubjects = new Set<string>(imageWords.map((event) => event.subject))
const requestSubjects = new Set<string>(requests.map((event) => event.subject))

/** Tells words on images from the rest. */
export function isImageWord(event: DropEvent): event is ImageWord {
  return imageSubjects.has(event.subject)
}

/** Tells requests from what services say. */
export function isDropRequest(event: DropEvent): event is DropRequest {
  return requestSubjects.has(event.subject)
}
