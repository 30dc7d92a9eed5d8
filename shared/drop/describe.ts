import type { DropScheduled } from '#events/drop-scheduled.ts'
import { imageKey, type DropImage, type Failure } from '#events/vocabulary.ts'
import { describeImage } from './image.ts'
import { unknownImage, type DropState } from './state.ts'

/** What every event on a whole drop carries. */
export function contextOf({ drop, kind, milestone, compose }: DropScheduled) {
  return { drop, kind, milestone, compose }
}

/**
 * The images of a drop as events carry them. Once blessed, what was blessed holds; only where it is registered may
 * still be learnt.
 */
export function imagesOf(
  state: DropState & { readonly plan: DropScheduled },
  unfinished = 'it was not finished',
): DropImage[] {
  const { publishers } = state.plan
  const failure: Failure = { step: 'scheduler', class: 'cancelled', reason: unfinished, log: null }
  const current = state.plan.images.map((plan) =>
    describeImage(plan, state.images[imageKey(plan)] ?? unknownImage, { publishers, unfinished: failure }),
  )
  if (!state.blessed) return current
  return state.blessed.images.map((image) => {
    const now = current.find((one) => imageKey(one.image) === imageKey(image.image))
    if (now === undefined) return image
    const { missing: _missing, ...blessed } = image
    const { registrations, missing } = now
    return { ...blessed, registrations, ...(missing === undefined ? {} : { missing }) }
  })
}
