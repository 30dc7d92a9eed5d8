import { imageKey, type DropImage, type Failure, type ImagePlan } from '#events/vocabulary.ts'
import type { ImageWord } from './events.ts'
import type { ImageState } from './state.ts'

const steps = ['builder', 'converter', 'boot-tester', 'ec2-publisher']

/** Takes in a service's word on an image. The later word of a step holds, in whatever order the two arrive. */
export function hearImage(image: ImageState, { subject, time, body }: ImageWord): ImageState {
  switch (subject) {
    case 'image.built.v1': {
      const built = later(image.built, { time, disk: body.disk.sha256, packages: body.packages })
      return cleared({ ...image, built }, 'builder', time)
    }
    case 'image.converted.v1': {
      const converted = later(image.converted, { time, disk: body.disk.sha256, artifacts: body.artifacts })
      return cleared({ ...image, converted }, 'converter', time)
    }
    case 'image.tested.v1': {
      const passed = body.verdict === 'passed'
      const tested = later(image.tested, { time, disk: body.disk.sha256, passed, checks: body.checks })
      if (passed) return cleared({ ...image, tested }, 'boot-tester', time)
      return failed({ ...image, tested }, verdictOf(body), time)
    }
    case 'image.uploaded.v1': {
      const uploaded = later(image.uploaded, { time, registrations: body.registrations })
      return cleared({ ...image, uploaded }, 'ec2-publisher', time)
    }
    case 'image.published.v1': {
      const published = later(image.published, { time, registrations: body.registrations })
      return cleared({ ...image, published }, 'ec2-publisher', time)
    }
    case 'image.failed.v1':
      return failed(image, body.failure, time)
  }
}

/** Whether an image has passed every step before publication, cannot go on, or is still on its way. */
export function outcomeOf(plan: ImagePlan, image: ImageState): 'passed' | 'failed' | 'pending' {
  if (Object.keys(image.failures).length > 0) return 'failed'
  const { built, converted, tested, uploaded } = image
  if (!built || !converted || !tested?.passed) return 'pending'
  // After a second build, words about the first disk no longer count.
  if (converted.disk !== built.disk || tested.disk !== built.disk) return 'pending'
  return plan.targets.includes('ec2') && !uploaded ? 'pending' : 'passed'
}

/** The image as events on the whole drop carry it; one still on its way counts as failed for `unfinished`. */
export function describeImage(plan: ImagePlan, image: ImageState, unfinished: Failure): DropImage {
  const outcome = outcomeOf(plan, image)
  return {
    image: plan,
    outcome: outcome === 'passed' ? 'passed' : 'failed',
    artifacts: image.converted?.artifacts ?? [],
    packages: image.built?.packages ?? null,
    checks: image.tested?.checks ?? [],
    registrations: (image.published ?? image.uploaded)?.registrations ?? [],
    failure: outcome === 'pending' ? unfinished : firstFailure(image),
  }
}

/** The failure of the earliest step; null when there is none. */
export function firstFailure({ failures }: ImageState): Failure | null {
  const order = (step: string) => (steps.indexOf(step) + steps.length + 1) % (steps.length + 1)
  const [first] = Object.entries(failures).toSorted(([one], [other]) => order(one) - order(other))
  return first?.[1].failure ?? null
}

/** One line on a failed image, for people. */
export function describeFailure(plan: ImagePlan, failure: Failure): string {
  return `${imageKey(plan)} failed at ${failure.step} (${failure.class}): ${failure.reason}`
}

function later<Word extends { time: string }>(known: Word | null, word: Word): Word {
  return known !== null && known.time > word.time ? known : word
}

/** A success ends the failure that its step told before. */
function cleared(image: ImageState, step: string, time: string): ImageState {
  const { [step]: failure, ...others } = image.failures
  return failure && failure.time <= time ? { ...image, failures: others } : image
}

function failed(image: ImageState, failure: Failure, time: string): ImageState {
  const told = image.failures[failure.step]
  const isStale = succeededAt(image, failure.step) > time || (told !== undefined && told.time > time)
  return isStale ? image : { ...image, failures: { ...image.failures, [failure.step]: { time, failure } } }
}

function succeededAt({ built, converted, tested, uploaded, published }: ImageState, step: string): string {
  switch (step) {
    case 'builder':
      return built?.time ?? ''
    case 'converter':
      return converted?.time ?? ''
    case 'boot-tester':
      return tested?.passed ? tested.time : ''
    case 'ec2-publisher':
      return [uploaded?.time ?? '', published?.time ?? ''].toSorted().at(-1) ?? ''
    default:
      return ''
  }
}

function verdictOf({ checks, console }: Extract<ImageWord, { subject: 'image.tested.v1' }>['body']): Failure {
  const bad = checks.filter((check) => check.outcome === 'failed').map(({ name, detail }) => `${name}: ${detail}`)
  return {
    step: 'boot-tester',
    class: 'verdict',
    reason: `boot test failed: ${bad.join('; ') || 'no check passed'}`,
    log: console,
  }
}
