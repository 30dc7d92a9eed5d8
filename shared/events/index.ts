import { cadenceReached, dropExpiryReached, streamOpened } from './cadence.ts'
import { calendarChanged, dropOverdue } from './calendar.ts'
import { cloudAudited } from './cloud-audited.ts'
import { dropCompared, dropComparisonRequested, dropUnchanged } from './comparison.ts'
import { branchedComposed, composeStatusChanged, rawhideComposed } from './compose.ts'
import type { EventDefinition } from './define.ts'
import { dropAnnounced } from './drop-announced.ts'
import { dropBlessed } from './drop-blessed.ts'
import { dropCancelled } from './drop-cancelled.ts'
import { dropExpired } from './drop-expired.ts'
import { dropFailed } from './drop-failed.ts'
import { dropMirrored } from './drop-mirrored.ts'
import { dropPublished } from './drop-published.ts'
import { dropReady } from './drop-ready.ts'
import { dropScheduled } from './drop-scheduled.ts'
import { dropStaged } from './drop-staged.ts'
import { dropSuperseded } from './drop-superseded.ts'
import { imageBuilt } from './image-built.ts'
import { imageConverted } from './image-converted.ts'
import { imageFailed } from './image-failed.ts'
import { imagePublished } from './image-published.ts'
import { imageRequested } from './image-requested.ts'
import { imageTested } from './image-tested.ts'
import { imageUploaded } from './image-uploaded.ts'
import { kojiTaskChanged } from './koji.ts'
import {
  blessingRequested,
  cancellationRequested,
  dropRequested,
  retryRequested,
  supersessionRequested,
} from './operator.ts'

/** Every event that we say, in the order of the pipeline. This list is the architecture of imagedrop. */
export const ownEvents = [
  dropRequested,
  streamOpened,
  cadenceReached,
  calendarChanged,
  dropOverdue,
  dropScheduled,
  dropComparisonRequested,
  dropCompared,
  dropUnchanged,
  imageRequested,
  imageBuilt,
  imageConverted,
  imageTested,
  imageUploaded,
  imageFailed,
  dropReady,
  dropStaged,
  blessingRequested,
  dropBlessed,
  imagePublished,
  dropMirrored,
  dropPublished,
  dropAnnounced,
  cloudAudited,
  dropFailed,
  supersessionRequested,
  dropSuperseded,
  cancellationRequested,
  dropCancelled,
  retryRequested,
  dropExpiryReached,
  dropExpired,
] as const

/** The events of others that we listen to. */
export const foreignEvents = [composeStatusChanged, rawhideComposed, branchedComposed, kojiTaskChanged] as const

type Own = (typeof ownEvents)[number]
type Foreign = (typeof foreignEvents)[number]
export type AnyDefinition = Own | Foreign

const bySubject = new Map<string, EventDefinition>(
  [...ownEvents, ...foreignEvents].map((definition) => [definition.subject, definition]),
)

/** The definition with this subject, if there is one. */
export function findEvent(subject: string): EventDefinition | undefined {
  return bySubject.get(subject)
}
