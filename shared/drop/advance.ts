import { dropComparisonRequested } from '#events/comparison.ts'
import { say } from '#events/define.ts'
import { dropBlessed } from '#events/drop-blessed.ts'
import { dropPublished } from '#events/drop-published.ts'
import type { DropScheduled } from '#events/drop-scheduled.ts'
import { imageRequested } from '#events/image-requested.ts'
import { imageKey } from '#events/vocabulary.ts'
import { closeImages, failIfUnpublishable } from './close.ts'
import { contextOf, imagesOf } from './describe.ts'
import { sayEnd } from './end.ts'
import type { DropSaid } from './events.ts'
import { isPublished } from './image.ts'
import { holdsAll } from './phase.ts'
import { unknownImage, type DropState } from './state.ts'

type Planned = DropState & { readonly plan: DropScheduled }
type Step = (state: Planned) => readonly [DropState, readonly DropSaid[]]

/** In the order of the pipeline; each says what is due and not yet said. */
const steps: readonly Step[] = [askForComparison, requestImages, closeImages, openGate, failIfUnpublishable, finish]

/** Says everything that follows from what is known and was not said before. */
export function advance(state: DropState): readonly [DropState, readonly DropSaid[]] {
  if (state.plan === null) return [state, []]
  if (state.end) return sayEnd({ ...state, plan: state.plan, end: state.end })
  const { plan } = state
  return steps.reduce<readonly [DropState, readonly DropSaid[]]>(
    ([known, said], step) => {
      const [next, more] = step({ ...known, plan })
      return [next, [...said, ...more]]
    },
    [state, []],
  )
}

/** A drop that the policy wants only if something has changed is compared before anything is built. */
function askForComparison(state: Planned): readonly [DropState, readonly DropSaid[]] {
  if (state.comparison !== 'due') return [state, []]
  const { drop, compose, images, onlyIfChanged } = state.plan
  const since = onlyIfChanged?.since ?? null
  if (since === null) return [{ ...state, comparison: 'over' }, []]
  return [{ ...state, comparison: 'asked' }, [say(dropComparisonRequested, { drop, compose, images, since })]]
}

function requestImages(state: Planned): readonly [DropState, readonly DropSaid[]] {
  if (state.comparison === 'asked') return [state, []]
  const { drop, compose, images, onlyIfChanged } = state.plan
  const due = images.filter((image) => !state.images[imageKey(image)]?.requested)
  const requested = due.map((image) => {
    const key = imageKey(image)
    return [key, { ...(state.images[key] ?? unknownImage), requested: true }] as const
  })
  return [
    { ...state, images: { ...state.images, ...Object.fromEntries(requested) } },
    due.map((image) => say(imageRequested, { drop, compose, image, ...(onlyIfChanged && { wantsInputs: true }) })),
  ]
}

/** The policy blesses what is complete; a person may bless anything that is staged. */
function openGate(state: Planned): readonly [DropState, readonly DropSaid[]] {
  const { plan, ready, staged, blessing } = state
  if (state.blessed || !ready || !staged || !holdsAll(staged.files, ready.images)) return [state, []]
  const by = blessing ?? (ready.complete && plan.gate === 'policy' ? 'policy' : null)
  if (by === null) return [state, []]
  const { images } = ready
  return [{ ...state, blessed: { by, images } }, [say(dropBlessed, { ...contextOf(plan), by, images })]]
}

function finish(state: Planned): readonly [DropState, readonly DropSaid[]] {
  const { plan, blessed, mirrored } = state
  if (state.published || !blessed || !mirrored) return [state, []]
  const waiting = blessed.images.some(
    ({ image, outcome }) =>
      outcome === 'passed' && !isPublished(image, state.images[imageKey(image)] ?? unknownImage, plan.publishers),
  )
  if (waiting) return [state, []]
  const { time: _time, ...tree } = mirrored
  const body = { ...contextOf(plan), by: blessed.by, images: imagesOf(state), ...tree }
  return [{ ...state, published: true }, [say(dropPublished, body)]]
}
