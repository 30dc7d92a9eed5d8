import type { DropScheduled } from '#events/drop-scheduled.ts'
import type { EarlierDrop } from '#events/earlier-drop.ts'
import { imageKey } from '#events/vocabulary.ts'
import type { Policy } from '../policy/policy.ts'
import type { DropRecord } from './state.ts'

interface Circumstances {
  readonly drops: readonly DropRecord[]
  readonly unchanged: Policy['unchanged']
  /** A person asked for it, or it replaces a drop: it is made whatever has changed, and later ones are compared with it. */
  readonly isWanted: boolean
}

/** Whether a planned drop is wanted only if something has changed, and since which drop; undefined where it is made anyway. */
export function onlyIfChanged(
  plan: DropScheduled,
  { drops, unchanged, isWanted }: Circumstances,
): DropScheduled['onlyIfChanged'] {
  if (plan.kind === 'milestone' || unchanged[plan.kind] === 'build') return undefined
  return { since: isWanted ? null : earlierOf(plan, drops) }
}

/** The drop of its kind that was published last, if it is open and has the images of the plan, no more and no less. */
function earlierOf({ kind, images }: DropScheduled, drops: readonly DropRecord[]): EarlierDrop | null {
  const last = drops.find((one) => one.kind === kind && one.standing === 'open' && one.madeOf !== undefined)
  if (!last?.madeOf) return null
  const [planned, made] = [new Set(images.map(imageKey)), new Set(last.madeOf.map(({ image }) => image))]
  return planned.symmetricDifference(made).size === 0 ? { drop: last.drop, images: last.madeOf } : null
}
