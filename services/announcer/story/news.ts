import { failureOfTest } from '#drop/verdict.ts'
import type { DropOverdue } from '#events/calendar.ts'
import type { DropUnchanged } from '#events/comparison.ts'
import type { DropExpired } from '#events/drop-expired.ts'
import type { DropFailed } from '#events/drop-failed.ts'
import type { DropReady } from '#events/drop-ready.ts'
import type { DropSuperseded } from '#events/drop-superseded.ts'
import type { Envelope } from '#events/envelope.ts'
import type { ImageFailed } from '#events/image-failed.ts'
import type { ImageTested } from '#events/image-tested.ts'
import { imageKey, type DropImage, type Failure } from '#events/vocabulary.ts'
import { titleOf } from './title.ts'
import { cleanText, count, dayInWords, failureInWords } from './words.ts'

/** What people may want to be told of drops; destinations choose among them. */
export const kinds = ['published', 'waiting', 'failed', 'withdrawn', 'expired', 'overdue', 'unchanged'] as const
export type Kind = (typeof kinds)[number]

/** What happens to a drop besides its publication. All text is one clean line. */
export type News = Failed | Waiting | Withdrawn | Overdue | Unchanged

interface Told {
  readonly drop: string
  /** What names it among all that is told of the drop, in letters that a file's name may have; always the same. */
  readonly id: string
  readonly at: string
  /** All of it in a sentence, without what the drop is called. */
  readonly sentence: string
}

/** A step, on the drop or on one of its images, cannot go on, or a boot test was failed. */
export interface Failed extends Told {
  readonly kind: 'failed'
  /** `ec2.x86_64`; null when it is the whole drop. */
  readonly image: string | null
  readonly step: string
  readonly class: Failure['class']
  readonly reason: string
  /** Where the artifact store keeps the log, if there is one. */
  readonly log: string | null
}

/** The drop has all the images that it will have, and goes on when a person blesses it. */
export interface Waiting extends Told {
  readonly kind: 'waiting'
  readonly title: string
  readonly images: readonly { readonly key: string; readonly passed: boolean; readonly failure: string | null }[]
}

/** A drop that was published was superseded, by another or a person, or was kept for as long as the policy wants. */
export interface Withdrawn extends Told {
  readonly kind: 'withdrawn' | 'expired'
  readonly title: string
  readonly by: string
}

/** A drop was due, and no compose has come for it. */
export interface Overdue extends Told {
  readonly kind: 'overdue'
  readonly release: string
  readonly milestone: string | null
  readonly due: string
  /** The newest compose of the release; null when none was heard of. */
  readonly newest: string | null
}

type Heard<Body> = Pick<Envelope<string, Body>, 'id' | 'time' | 'body'>

/** The policy leaves a drop out, because nothing has changed since an earlier one. */
export interface Unchanged extends Told {
  readonly kind: 'unchanged'
  readonly title: string
  /** The earlier drop. */
  readonly since: string
}

/** Tells that a step on a drop or an image failed. */
export function tellFailure({ id, time, body }: Heard<DropFailed | ImageFailed>): Failed {
  const image = 'image' in body ? imageKey(body.image) : null
  const { step, reason, log, class: failureClass } = body.failure
  const [at, why] = [cleanText(step), cleanText(reason)]
  return {
    kind: 'failed',
    id: `failed.${id}`,
    drop: body.drop,
    at: time,
    sentence: `${image === null ? '' : `${image} `}failed at ${at} (${failureClass}): ${why}`,
    image,
    step: at,
    class: failureClass,
    reason: why,
    log: log && cleanText(log.uri),
  }
}

/** Tells that an image failed its boot test. */
export function tellFailedTest({ id, time, body }: Heard<ImageTested>): Failed {
  const { drop, compose, image } = body
  return tellFailure({ id, time, body: { drop, compose, image, failure: failureOfTest(body) } })
}

/** Tells that a drop waits for a person's blessing. */
export function tellWaiting({ id, time, body }: Heard<DropReady>): Waiting {
  const { images } = body
  const passed = images.filter(({ outcome }) => outcome === 'passed').length
  return {
    kind: 'waiting',
    id: `waiting.${id}`,
    drop: body.drop,
    at: time,
    sentence: `waits for a blessing: ${String(passed)} of ${count(images.length, 'image')} passed`,
    title: titleOf(body),
    images: images.map(tellOutcome),
  }
}

/** Tells that a published drop was superseded or has expired. */
export function tellWithdrawal({ time, body }: Heard<DropSuperseded | DropExpired>): Withdrawn {
  const about = { drop: body.drop, at: time, title: titleOf(body) }
  if ('by' in body) {
    const by = cleanText(body.by)
    return { ...about, kind: 'withdrawn', id: 'withdrawn', sentence: `is superseded by ${by}`, by }
  }
  const sentence =
    body.keptNewest === undefined
      ? `has expired after ${count(body.keptDays, 'day')}`
      : `has expired: the newest ${String(body.keptNewest)} of its kind are kept`
  return { ...about, kind: 'expired', id: 'expired', sentence, by: 'the retention policy' }
}

/** Tells that no compose has come for a drop that was due. It has no name yet but that of its place in the calendar. */
export function tellOverdue({ time, body }: Heard<DropOverdue>): Overdue {
  const { key, milestone, due } = body
  const release = cleanText(body.stream)
  const newest = body.newest && cleanText(body.newest)
  const awaited = milestone === null ? 'nightly compose' : `candidate of ${milestone}`
  const last = newest === null ? 'no compose of the release was heard of' : `its newest compose is ${newest}`
  return {
    kind: 'overdue',
    id: `overdue.${due.slice(0, 10)}`,
    drop: `${release}.${key}`,
    at: time,
    sentence: `is overdue: no ${awaited} of ${release.replaceAll('-', ' ')} has come since ${dayInWords(due)}, when it was due; ${last}`,
    release,
    milestone,
    due,
    newest,
  }
}

/** Tells that a drop is not built, as it would be like an earlier one. */
export function tellUnchanged({ time, body }: Heard<DropUnchanged>): Unchanged {
  const since = cleanText(body.since)
  const sentence = `is not built: nothing has changed since ${since}, which stays the newest`
  return { kind: 'unchanged', id: 'unchanged', drop: body.drop, at: time, title: titleOf(body), sentence, since }
}

function tellOutcome({ image, outcome, failure }: DropImage): Waiting['images'][number] {
  return {
    key: imageKey(image),
    passed: outcome === 'passed',
    failure: failure && failureInWords(failure),
  }
}
