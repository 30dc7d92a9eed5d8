import type { DropPublished } from '#events/drop-published.ts'
import type { DropImage } from '#events/vocabulary.ts'
import type { Context, Waited } from '#service/define.ts'
import type { Cloud } from '../cloud.ts'
import type { Listings } from '../listings-file.ts'
import { target } from '../step.ts'

/** What jobs are done with. */
export interface Given {
  readonly cloud: Cloud
  /** Read anew for each look, so that what waits for a change of it needs no restart. */
  readonly listings: () => Listings
  /** The Marketplace that we speak to is the emulator. */
  readonly emulated: boolean
  /** How often a change set is looked at, and how long it may take. */
  readonly lookSeconds: number
  readonly reviewDays: number
}

export type JobContext = Context & { readonly waited?: Waited }

/** The images of a drop that may be listed: those of a Final that passed and are to go there. */
export function imagesToList({ milestone, images }: Pick<DropPublished, 'milestone' | 'images'>): DropImage[] {
  if (milestone !== 'Final') return []
  return images.filter(({ image, outcome }) => outcome === 'passed' && image.targets.includes(target))
}
