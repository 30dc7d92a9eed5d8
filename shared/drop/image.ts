import {
  imageKey,
  type DropImage,
  type Failure,
  type ImagePlan,
  type Publisher,
  type Registration,
} from '#events/vocabulary.ts'
import type { ImageUploaded } from '#events/image-uploaded.ts'
import type { ImageWord } from './events.ts'
import { isAwaited, publishersFor, stepsOfImages } from './publishers.ts'
import type { ImageState } from './state.ts'
import { failureOfTest } from './verdict.ts'

type Publishers = readonly Publisher[]

/** Takes in a service's word on an image. The later word of a step holds, in whatever order the two arrive. */
export function hearImage(image: ImageState, { subject, time, body }: ImageWord, publishers: Publishers): ImageState {
  switch (subject) {
    case 'image.built.v1': {
      const built = later(image.built, {
        time,
        disk: body.disk.sha256,
        image: body.disk,
        packages: body.packages,
        engine: body.engine,
        ...(body.recipe === undefined ? {} : { recipe: body.recipe }),
        ...(body.inputs && { inputs: body.inputs }),
        ...(body.description === undefined ? {} : { description: body.description }),
      })
      return cleared({ ...image, built }, 'builder', time)
    }
    case 'image.converted.v1': {
      const converted = later(image.converted, { time, disk: body.disk.sha256, artifacts: body.artifacts })
      return cleared({ ...image, converted }, 'converter', time)
    }
    case 'image.tested.v1': {
      const passed = body.verdict === 'passed'
      const { checks, console, screenshot, accelerator, boots, notes, reports } = body
      const optional = { ...(boots && { boots }), ...(notes && { notes }), ...(reports && { reports }) }
      const seen = { console, screenshot, accelerator, ...optional }
      const tested = later(image.tested, { time, disk: body.disk.sha256, passed, checks, seen })
      if (passed) return cleared({ ...image, tested }, 'boot-tester', time)
      return failed({ ...image, tested }, failureOfTest(body), time, publishers)
    }
    case 'image.uploaded.v1': {
      const uploaded = placed(image.uploaded, body, time)
      return clearedIn(body.registrations, { ...image, uploaded }, time, publishers)
    }
    case 'image.published.v1': {
      const published = placed(image.published, body, time)
      return clearedIn(body.registrations, { ...image, published }, time, publishers)
    }
    case 'image.failed.v1':
      return failed(image, body.failure, time, publishers)
  }
}

/** Whether an image has passed every step before publication, cannot go on, or is still on its way. */
export function outcomeOf(plan: ImagePlan, image: ImageState, publishers: Publishers): 'passed' | 'failed' | 'pending' {
  if (Object.keys(image.failures).some((step) => isAwaited(step, publishers))) return 'failed'
  const { built, converted, tested, uploaded } = image
  if (!built || !converted || !tested?.passed) return 'pending'
  // After a second build, words about the first disk no longer count.
  if (converted.disk !== built.disk || tested.disk !== built.disk) return 'pending'
  const uploaders = publishersFor(plan, publishers).filter(({ after }) => after === 'tests')
  return uploaders.every(({ target }) => uploaded[target]) ? 'passed' : 'pending'
}

/** Whether an image is public in every target of its plan that the drop waits for, the mirror apart. */
export function isPublished(plan: ImagePlan, { published }: ImageState, publishers: Publishers): boolean {
  const awaited = publishersFor(plan, publishers).filter(({ service }) => isAwaited(service, publishers))
  return awaited.every(({ target }) => published[target])
}

/** The image as events on the whole drop carry it; one still on its way counts as failed for `unfinished`. */
export function describeImage(
  plan: ImagePlan,
  image: ImageState,
  { publishers, unfinished }: { publishers: Publishers; unfinished: Failure },
): DropImage {
  const outcome = outcomeOf(plan, image, publishers)
  return {
    image: plan,
    outcome: outcome === 'passed' ? 'passed' : 'failed',
    artifacts: image.converted?.artifacts ?? [],
    packages: image.built?.packages ?? null,
    engine: image.built?.engine ?? null,
    checks: image.tested?.checks ?? [],
    ...placesOf(image),
    failure: outcome === 'pending' ? unfinished : firstFailure(image, publishers),
    ...evidenceOf(image),
  }
}

/** Where an image is, and where it is missing; of each target the later step tells. */
function placesOf({ uploaded, published }: ImageState): Pick<DropImage, 'registrations' | 'missing'> {
  const words = Object.values({ ...uploaded, ...published })
  const missing = words.flatMap((one) => one.missing ?? [])
  return {
    registrations: words.flatMap((one) => one.registrations),
    ...(missing.length === 0 ? {} : { missing }),
  }
}

/** Nothing while a step is open, or the two words are about different disks; what was said before disks were kept has none. */
function evidenceOf({ built, tested }: ImageState): Pick<DropImage, 'evidence'> {
  if (!built?.image || !tested?.seen || tested.disk !== built.disk) return {}
  const { image: disk, recipe, inputs, description, time: builtAt } = built
  return {
    evidence: {
      disk,
      ...(recipe === undefined ? {} : { recipe }),
      ...(inputs && { inputs }),
      ...(description === undefined ? {} : { description }),
      builtAt,
      testedAt: tested.time,
      ...tested.seen,
    },
  }
}

/** The failure of the earliest step; null when there is none. */
export function firstFailure({ failures }: ImageState, publishers: Publishers): Failure | null {
  const steps = stepsOfImages(publishers)
  const order = (step: string) => (steps.indexOf(step) + steps.length + 1) % (steps.length + 1)
  const [first] = Object.entries(failures).toSorted(([one], [other]) => order(one) - order(other))
  return first?.[1].failure ?? null
}

/** One line on a failed image, for people. */
export function describeFailure(plan: ImagePlan, failure: Failure): string {
  return `${imageKey(plan)} failed at ${failure.step} (${failure.class}): ${failure.reason}`
}

function later<Word extends { time: string }>(known: Word | null | undefined, word: Word): Word {
  return known && known.time > word.time ? known : word
}

type Placed = ImageState['uploaded']
type Places = Pick<ImageUploaded, 'registrations' | 'missing'>

/** One event may be about several targets; of each, the later word holds. */
function placed(known: Placed, { registrations, missing = [] }: Places, time: string): Placed {
  const byTarget = Map.groupBy(registrations, (one) => one.target)
  const words = [...byTarget].map(([target, there]) => {
    const lacking = missing.filter((one) => one.target === target)
    const word = { time, registrations: there, ...(lacking.length === 0 ? {} : { missing: lacking }) }
    return [target, later(known[target], word)] as const
  })
  return { ...known, ...Object.fromEntries(words) }
}

/** A success ends the failure that its step told before. */
function cleared(image: ImageState, step: string, time: string): ImageState {
  const { [step]: failure, ...others } = image.failures
  return failure && failure.time <= time ? { ...image, failures: others } : image
}

function clearedIn(
  registrations: readonly Registration[],
  image: ImageState,
  time: string,
  publishers: Publishers,
): ImageState {
  const speakers = publishers.filter(({ target }) => registrations.some((one) => one.target === target))
  return speakers.reduce((known, { service }) => cleared(known, service, time), image)
}

function failed(image: ImageState, failure: Failure, time: string, publishers: Publishers): ImageState {
  const told = image.failures[failure.step]
  const isStale = succeededAt(image, failure.step, publishers) > time || (told !== undefined && told.time > time)
  return isStale ? image : { ...image, failures: { ...image.failures, [failure.step]: { time, failure } } }
}

function succeededAt(image: ImageState, step: string, publishers: Publishers): string {
  const { built, converted, tested, uploaded, published } = image
  switch (step) {
    case 'builder':
      return built?.time ?? ''
    case 'converter':
      return converted?.time ?? ''
    case 'boot-tester':
      return tested?.passed ? tested.time : ''
    default: {
      const targets = publishers.filter((one) => one.service === step).map((one) => one.target)
      const times = targets.flatMap((target) => [uploaded[target]?.time ?? '', published[target]?.time ?? ''])
      return times.toSorted().at(-1) ?? ''
    }
  }
}
