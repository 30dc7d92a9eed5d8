import { imageKey, type DropImage, type MirroredFile } from '#events/vocabulary.ts'
import type { DropState } from './state.ts'

/** Where a drop stands. */
export type Phase =
  | 'unknown'
  | 'building'
  | 'ready'
  | 'staged'
  | 'blessed'
  | 'published'
  | 'announced'
  | 'failed'
  | 'cancelled'
  | 'superseded'
  | 'expired'

/** The phase of a drop follows from what is known of it. */
export function phaseOf(state: DropState): Phase {
  if (state.end) return state.end.how
  if (state.plan === null) return 'unknown'
  if (state.saidFailed || Object.keys(state.failures).length > 0) return 'failed'
  if (state.announced) return 'announced'
  if (state.published) return 'published'
  if (state.blessed) return 'blessed'
  if (state.ready === null) return 'building'
  return state.staged && holdsAll(state.staged.files, state.ready.images) ? 'staged' : 'ready'
}

/** Whether a tree holds the files of exactly the images that passed: a tree staged before a retry may not. */
export function holdsAll(files: readonly MirroredFile[], images: readonly DropImage[]): boolean {
  const staged = new Set(files.map((file) => file.image).filter((image) => image !== null))
  const passed = new Set(images.filter((one) => one.outcome === 'passed').map((one) => imageKey(one.image)))
  return staged.symmetricDifference(passed).size === 0
}
