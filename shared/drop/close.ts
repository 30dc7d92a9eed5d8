import { say } from '#events/define.ts'
import { dropFailed } from '#events/drop-failed.ts'
import { dropReady } from '#events/drop-ready.ts'
import type { DropScheduled } from '#events/drop-scheduled.ts'
import { imageKey, type DropImage, type Failure } from '#events/vocabulary.ts'
import { contextOf, imagesOf } from './describe.ts'
import type { DropSaid } from './events.ts'
import { describeFailure, firstFailure, outcomeOf } from './image.ts'
import { unknownImage, type DropState } from './state.ts'

type Planned = DropState & { readonly plan: DropScheduled }

/**
 * Says that a drop is ready when every image is accounted for, and again when a retry has changed the outcome of one.
 * With no image at all there is nothing to stage: the drop has failed.
 */
export function closeImages(state: Planned): readonly [DropState, readonly DropSaid[]] {
  if (state.blessed) return [state, []]
  const outcomes = state.plan.images.map((plan) =>
    outcomeOf(plan, state.images[imageKey(plan)] ?? unknownImage, state.plan.publishers),
  )
  if (outcomes.includes('pending')) return [{ ...state, ready: null, saidFailed: false }, []]
  if (!outcomes.includes('passed')) return fail({ ...state, ready: null }, imagesOf(state))
  if (state.ready && state.ready.images.every((one, index) => one.outcome === outcomes[index])) return [state, []]

  const complete = !outcomes.includes('failed')
  const images = imagesOf(state)
  const gate = complete ? state.plan.gate : 'person'
  // Who blessed before the images were known did not bless a drop that lacks some.
  const blessing = complete ? state.blessing : null
  return [
    { ...state, ready: { images, complete }, blessing, saidFailed: false },
    [say(dropReady, { ...contextOf(state.plan), images, complete, gate })],
  ]
}

/** A blessed image that cannot be made public keeps the drop from being published: that is its failure. */
export function failIfUnpublishable(state: Planned): readonly [DropState, readonly DropSaid[]] {
  if (!state.blessed || state.published) return [state, []]
  const failed = state.blessed.images.flatMap((image) => {
    const failure =
      image.outcome === 'passed'
        ? firstFailure(state.images[imageKey(image.image)] ?? unknownImage, state.plan.publishers)
        : null
    return failure ? [{ ...image, failure }] : []
  })
  return failed.length > 0 ? fail(state, failed) : [{ ...state, saidFailed: false }, []]
}

function fail(state: Planned, images: readonly DropImage[]): readonly [DropState, readonly DropSaid[]] {
  if (state.saidFailed) return [state, []]
  const told = images.flatMap(({ image, failure }) => (failure ? [{ image, failure }] : []))
  const failure: Failure = {
    step: 'scheduler',
    class: told[0]?.failure.class ?? 'bug',
    reason: told.map((one) => describeFailure(one.image, one.failure)).join('; '),
    log: told.find((one) => one.failure.log)?.failure.log ?? null,
  }
  return [{ ...state, saidFailed: true }, [say(dropFailed, { drop: state.plan.drop, failure })]]
}
