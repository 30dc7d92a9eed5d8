import { imageKey, mirror, type DropImage, type MirroredFile } from '#events/vocabulary.ts'
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
  | 'unchanged'
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

/** Whether a staged drop goes on only when a person blesses it. */
export function waitsForPerson(state: DropState): boolean {
  return phaseOf(state) === 'staged' && (state.ready?.complete !== true || state.plan?.gate === 'person')
}

/** Whether a tree holds the files of exactly the images that passed and go there: one staged before a retry may not. */
export function holdsAll(files: readonly MirroredFile[], images: readonly DropImage[]): boolean {
  const staged = new Set(files.map((file) => file.image).filter((image) => image !== null))
  const wanted = images.filter(({ image, outcome }) => outcome === 'passed' && image.targets.includes(mirror))
  return staged.symmetricDifference(new Set(wanted.map(({ image }) => imageKey(image)))).size === 0
}
