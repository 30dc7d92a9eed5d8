import type { Changes } from '../changes/changes.ts'
import { isStableUpdate } from '../changes/compare-packages.ts'
import { cleanText } from './words.ts'

/** What is different from the drop before, for people. */
export interface StoryChanges extends Pick<Changes, 'since'> {
  readonly images: readonly (Changes['images'][number] & Record<PackageCount, number>)[]
  /** Updates that a stable release got, by its security team or in a point release. */
  readonly stable: readonly Changes['packages'][number][]
  readonly updated: readonly Changes['packages'][number][]
  readonly added: readonly Changes['packages'][number][]
  readonly removed: readonly Changes['packages'][number][]
}

type PackageCount = 'added' | 'removed' | 'updated'

/** Tells what is different from the drop before: updates of a stable release before others. */
export function tellChanges({ since, images, packages: found }: Changes): StoryChanges {
  const packages = found.map((one) => ({
    name: cleanText(one.name),
    before: one.before && cleanText(one.before),
    after: one.after && cleanText(one.after),
    only: one.only,
  }))
  const [stable = [], others = []] = [true, false].map((is) => packages.filter((one) => isStableUpdate(one) === is))
  const added = others.filter(({ before }) => before === null)
  const removed = others.filter(({ after }) => after === null)
  const updated = others.filter(({ before, after }) => before !== null && after !== null)
  const countIn = (image: string, all: Changes['packages']) =>
    all.filter(({ only }) => only === null || only.includes(image)).length
  return {
    since,
    stable,
    updated,
    added,
    removed,
    images: images.map((one) => ({
      ...one,
      added: countIn(one.image, added),
      removed: countIn(one.image, removed),
      updated: countIn(one.image, [...stable, ...updated]),
    })),
  }
}
