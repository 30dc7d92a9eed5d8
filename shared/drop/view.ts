import type { JobProgress } from '#bus/bus.ts'
import type { DropScheduled } from '#events/drop-scheduled.ts'
import { imageKey, type BuiltBy, type Failure } from '#events/vocabulary.ts'
import type { Job } from '#ledger/ledger.ts'
import type { Step } from '#service/step.ts'
import { outcomeOf } from './image.ts'
import { phaseOf, waitsForPerson, type Phase } from './phase.ts'
import { unknownImage, type DropState } from './state.ts'
import { rowsOf } from './view-rows.ts'
import { viewStep, type StepView } from './view-step.ts'

/** A drop as people see it. */
export interface DropView {
  readonly drop: string
  readonly plan: DropScheduled
  readonly phase: Phase
  readonly steps: readonly StepView[]
  readonly failures: readonly { readonly image: string | null; readonly failure: Failure }[]
  /** Which engine built each image that is built, and why no earlier one. */
  readonly engines: readonly { readonly image: string; readonly engine: BuiltBy }[]
  /** How many images have passed, of how many. */
  readonly passed: number
  readonly total: number
  /** It is staged and goes on only with a person's blessing. */
  readonly waitsForPerson: boolean
  readonly blessedBy: string | null
  /** Who cancelled, superseded or withdrew it, and why when that was said; null while nobody did. */
  readonly ended: { readonly by: string; readonly reason: string | null } | null
  /** The earlier drop since which nothing has changed, so that this one is not built; null for all others. */
  readonly unchangedSince: string | null
}

interface ViewOptions {
  readonly steps: readonly Step[]
  /** All jobs on the drop. */
  readonly jobs: readonly Job[]
  /** What running jobs told last, by `progressKey`. */
  readonly live?: ReadonlyMap<string, JobProgress>
}

/**
 * What people see of a drop: the scheduler's own model of it, the times of the jobs, and what running ones tell. Null
 * while the drop has no plan.
 */
export function viewDrop(state: DropState, { steps, jobs, live = new Map() }: ViewOptions): DropView | null {
  const { plan } = state
  if (plan === null) return null
  const known = plan.images.map((image) => ({ image, state: state.images[imageKey(image)] ?? unknownImage }))
  return {
    drop: plan.drop,
    plan,
    phase: phaseOf(state),
    steps: rowsOf(plan, steps).map((row) => viewStep(row, state, { jobs, live })),
    failures: [
      ...known.flatMap(({ image, state: { failures } }) =>
        Object.values(failures).map(({ failure }) => ({ image: imageKey(image), failure })),
      ),
      ...Object.values(state.failures).map(({ failure }) => ({ image: null, failure })),
    ],
    engines: known.flatMap(({ image, state: { built } }) =>
      built ? [{ image: imageKey(image), engine: built.engine }] : [],
    ),
    passed: known.filter((one) => outcomeOf(one.image, one.state, plan.publishers) === 'passed').length,
    total: plan.images.length,
    waitsForPerson: waitsForPerson(state),
    blessedBy: state.blessed?.by ?? null,
    ended: endOf(state),
    unchangedSince: state.end?.how === 'unchanged' ? state.end.since : null,
  }
}

function endOf({ end }: DropState): DropView['ended'] {
  if (end === null || end.how === 'expired' || end.how === 'unchanged') return null
  return { by: end.by, reason: (end.how === 'superseded' ? end.reason : null) ?? null }
}
