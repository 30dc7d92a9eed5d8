import { imageKey } from '#events/vocabulary.ts'
import type { DropWord, ImageWord } from './events.ts'
import { hearImage } from './image.ts'
import { holdsAll } from './phase.ts'
import { unknownImage, type DropState } from './state.ts'

/** Takes in a service's word on an image; a reason when it cannot matter. */
export function hearImageWord(state: DropState, word: ImageWord): DropState | string {
  const { drop, image } = word.body
  const key = imageKey(image)
  if (!state.plan?.images.some((one) => imageKey(one) === key)) return `the plan of ${drop} has no image ${key}`
  if (word.subject === 'image.failed.v1' && isBeforeRetry(state, word.time)) return `${drop} was retried since`
  return {
    ...state,
    images: { ...state.images, [key]: hearImage(state.images[key] ?? unknownImage, word, state.plan.publishers) },
  }
}

/** Takes in a service's word on the whole drop; a reason when it cannot matter. */
export function hearDropWord(state: DropState, { subject, time, body }: DropWord): DropState | string {
  switch (subject) {
    case 'drop.compared.v1': {
      if (state.comparison !== 'asked') return `${body.drop} was compared before`
      const compared = cleared({ ...state, comparison: 'over' }, 'builder', time)
      const isSame = body.changes.length === 0 && state.end === null
      return isSame ? { ...compared, end: { how: 'unchanged', since: body.since, said: false } } : compared
    }
    case 'drop.staged.v1':
      return cleared({ ...state, staged: treeOf(state.staged, { time, ...body }) }, 'mirror-publisher', time)
    case 'drop.mirrored.v1':
      return cleared({ ...state, mirrored: treeOf(state.mirrored, { time, ...body }) }, 'mirror-publisher', time)
    case 'drop.announced.v1':
      return cleared({ ...state, announced: true }, 'announcer', time)
    case 'drop.failed.v1': {
      const { step } = body.failure
      if (step === 'scheduler') return 'it is our own word'
      if (isBeforeRetry(state, time)) return `${body.drop} was retried since`
      return { ...state, failures: { ...state.failures, [step]: { time, failure: body.failure } } }
    }
  }
}

/** Why a staged tree does not let the drop go on; null when it does, or when that cannot be said yet. */
export function whyStagedInVain({ staged, ready }: DropState): string | null {
  if (!staged || !ready || holdsAll(staged.files, ready.images)) return null
  return `the tree staged at ${staged.path} does not hold exactly the images that passed`
}

type Tree = NonNullable<DropState['staged']>

function treeOf(known: Tree | null, { time, path, files, signature }: Tree): Tree {
  if (known !== null && known.time > time) return known
  return { time, path, files, ...(signature === undefined ? {} : { signature }) }
}

function isBeforeRetry({ retriedAt }: DropState, time: string): boolean {
  return retriedAt !== null && time < retriedAt
}

function cleared(state: DropState, step: string, time: string): DropState {
  const { [step]: failure, ...others } = state.failures
  return failure && failure.time <= time ? { ...state, failures: others } : state
}
