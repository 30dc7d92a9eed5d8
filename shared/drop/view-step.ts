import type { JobProgress } from '#bus/bus.ts'
import { imageKey, type Failure } from '#events/vocabulary.ts'
import type { Job } from '#ledger/ledger.ts'
import { phaseOf } from './phase.ts'
import { unknownImage, type DropState } from './state.ts'
import type { Row } from './view-rows.ts'

/** One step of one image, or (null) of the whole drop, as people see it. */
export interface StepView {
  readonly service: string
  readonly image: string | null
  readonly verb: string
  /** `pending` is not reached yet, `queued` waits for a free worker, `waiting` for something else. */
  readonly state: 'pending' | 'queued' | 'waiting' | 'running' | 'done' | 'failed'
  /** What it does, what it waits for, or why it failed. */
  readonly phase: string
  readonly done: number | null
  readonly total: number | null
  /** Milliseconds of work that is finished. */
  readonly worked: number
  /** When the work that is running began. */
  readonly runningSince: Date | null
}

interface Seen {
  readonly jobs: readonly Job[]
  readonly live: ReadonlyMap<string, JobProgress>
}

/** Under which key the progress of a step is kept. */
export function progressKey({ service, image }: { readonly service: string; readonly image: string | null }): string {
  return `${service}|${image ?? ''}`
}

/** How a step stands: its jobs first, then what the scheduler knows. */
export function viewStep(row: Row, state: DropState, { jobs, live }: Seen): StepView {
  const mine = jobs.filter((job) => job.service === row.service && job.image === row.image && isWork(job))
  const last = mine.at(-1)
  const told = last?.state === 'running' ? live.get(progressKey(row)) : undefined
  return {
    service: row.service,
    image: row.image,
    verb: row.verb,
    ...standing(row, state, last),
    ...(told ? { phase: told.phase } : {}),
    done: told?.done ?? null,
    total: told?.total ?? null,
    worked: mine.reduce((sum, { startedAt, finishedAt }) => sum + timeBetween(startedAt, finishedAt), 0),
    runningSince: last?.state === 'running' ? last.startedAt : null,
  }
}

/** Services also hear of what asks nothing of them, and of what ends a drop: neither is a step of it. */
function isWork({ state, startedAt, envelope }: Job): boolean {
  if (envelope.subject === 'drop.superseded.v1' || envelope.subject === 'drop.expired.v1') return false
  return startedAt !== null || state === 'queued'
}

function standing(row: Row, state: DropState, last: Job | undefined): Pick<StepView, 'state' | 'phase'> {
  if (last?.state === 'running') return { state: 'running', phase: '' }
  if (last?.state === 'waiting' && last.waiting) {
    const { reason, since } = last.waiting
    return {
      state: 'waiting',
      phase: `waits for ${reason} since ${since.toISOString().slice(0, 16).replace('T', ' ')}`,
    }
  }
  if (last?.state === 'queued') {
    return last.error === null
      ? { state: 'queued', phase: 'waits for a free worker' }
      : { state: 'waiting', phase: `tries again: ${last.error}` }
  }
  const failure = failureOf(row, state)
  if (failure) return { state: 'failed', phase: failure.reason }
  // The scheduler hears of it a moment later; of a whole drop, one job is not always all.
  if (isDone(row, state) || (row.image !== null && last?.state === 'done')) return { state: 'done', phase: '' }
  if (last?.state === 'quarantined') return { state: 'failed', phase: last.error ?? '' }
  return { state: 'pending', phase: waitOf(row, state) }
}

function waitOf(row: Row, state: DropState): string {
  if (isOver(row, state)) return 'not reached'
  return row.service === 'mirror-publisher' && state.staged !== null ? 'waits for the gate' : row.waits
}

function failureOf({ service, image }: Row, state: DropState): Failure | undefined {
  const failures = image === null ? state.failures : state.images[image]?.failures
  return failures?.[service]?.failure
}

function isDone({ service, image: key, target }: Row, state: DropState): boolean {
  if (key === null) return target === null ? isDropStepDone(service, state) : isPublishedIn(target, state)
  const image = state.images[key] ?? unknownImage
  if (target !== null) return image.uploaded[target] !== undefined
  const disk = image.built?.disk
  switch (service) {
    case 'builder':
      return disk !== undefined
    case 'converter':
      return disk !== undefined && image.converted?.disk === disk
    case 'boot-tester':
      return disk !== undefined && image.tested?.disk === disk && image.tested.passed
    default:
      return false
  }
}

function isDropStepDone(service: string, { mirrored, announced }: DropState): boolean {
  if (service === 'mirror-publisher') return mirrored !== null
  return service === 'announcer' && announced
}

function isPublishedIn(target: string, { blessed, images }: DropState): boolean {
  const wanted = blessed?.images.filter(({ image, outcome }) => outcome === 'passed' && image.targets.includes(target))
  return wanted?.every(({ image }) => images[imageKey(image)]?.published[target]) ?? false
}

/** Nothing will come of it before a person says so. */
function isOver({ image }: Row, state: DropState): boolean {
  const ended = ['failed', 'cancelled', 'unchanged', 'superseded', 'expired'].includes(phaseOf(state))
  return ended || (image !== null && Object.keys(state.images[image]?.failures ?? {}).length > 0)
}

function timeBetween(start: Date | null, end: Date | null): number {
  return start && end ? Math.max(0, end.getTime() - start.getTime()) : 0
}
