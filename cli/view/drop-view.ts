import type { JobProgress } from '#bus/bus.ts'
import type { BodyOf, EventDefinition } from '#events/define.ts'
import { dropAnnounced } from '#events/drop-announced.ts'
import { dropBlessed } from '#events/drop-blessed.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { dropFailed } from '#events/drop-failed.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { dropPublished } from '#events/drop-published.ts'
import { dropReady } from '#events/drop-ready.ts'
import { dropScheduled, type DropScheduled } from '#events/drop-scheduled.ts'
import { dropStaged } from '#events/drop-staged.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import type { Envelope } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageConverted } from '#events/image-converted.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imagePublished } from '#events/image-published.ts'
import { imageRequested } from '#events/image-requested.ts'
import { imageTested } from '#events/image-tested.ts'
import { imageUploaded } from '#events/image-uploaded.ts'
import { imageKey, type Failure } from '#events/vocabulary.ts'

/** One step of one image (or of the whole drop, then `image` is null), as people see it. */
export interface StepView {
  readonly service: string
  readonly image: string | null
  state: 'pending' | 'waiting' | 'running' | 'done' | 'failed'
  /** What it does, or what it waits for. */
  phase: string
  done: number | null
  total: number | null
  startedAt: number | null
  endedAt: number | null
}

/** A drop as people see it, folded from its events and from live progress. */
export interface DropView {
  readonly drop: string
  plan: DropScheduled | null
  state: DropState
  readonly steps: Map<string, StepView>
  readonly failures: { image: string | null; failure: Failure }[]
  published: BodyOf<typeof dropPublished> | null
  told: BodyOf<typeof dropAnnounced>['told'] | null
  by: string | null
}

export type DropState =
  | 'scheduled'
  | 'incomplete'
  | 'ready'
  | 'staged'
  | 'blessed'
  | 'published'
  | 'announced'
  | 'failed'
  | 'cancelled'
  | 'superseded'

/** A drop of which nothing is known yet. */
export function createDropView(drop: string): DropView {
  return { drop, plan: null, state: 'scheduled', steps: new Map(), failures: [], published: null, told: null, by: null }
}

/** Which step an event of one image begins or ends. */
const imageSteps: readonly [EventDefinition, string][] = [
  [imageBuilt, 'builder'],
  [imageConverted, 'converter'],
  [imageUploaded, 'ec2-publisher'],
]

/** Takes one event into the view. */
export function applyEvent(view: DropView, envelope: Envelope): void {
  const time = Date.parse(envelope.time)
  for (const [definition, service] of imageSteps) {
    if (definition.subject === envelope.subject) end(view, service, imageOf(envelope), 'done', time)
  }
  if (is(envelope, dropScheduled)) return plan(view, envelope.body)
  if (is(envelope, imageRequested)) {
    mend(view, (one) => one.image === imageOf(envelope))
    if (view.state === 'cancelled') view.state = 'scheduled'
  }
  if (is(envelope, imageTested)) {
    const { verdict, checks } = envelope.body
    end(view, 'boot-tester', imageOf(envelope), verdict === 'passed' ? 'done' : 'failed', time)
    if (verdict === 'failed') {
      const failed = checks.filter((check) => check.outcome === 'failed')
      const reason = failed.map((check) => `${check.name}: ${check.detail}`).join('; ')
      fail(view, imageOf(envelope), { step: 'boot-tester', class: 'verdict', reason, log: envelope.body.console })
    }
  }
  if (is(envelope, imageFailed)) {
    end(view, envelope.body.failure.step, imageOf(envelope), 'failed', time)
    fail(view, imageOf(envelope), envelope.body.failure)
  }
  if (is(envelope, dropReady)) view.state = envelope.body.complete ? 'ready' : 'incomplete'
  if (is(envelope, dropStaged)) {
    end(view, 'mirror-publisher', null, 'done', time)
    if (view.state === 'ready') view.state = 'staged'
  }
  if (is(envelope, dropBlessed)) {
    view.state = 'blessed'
    view.by = envelope.body.by
  }
  if (is(envelope, imagePublished) || is(envelope, dropMirrored)) {
    end(view, is(envelope, dropMirrored) ? 'mirror-publisher' : 'ec2-publisher', null, 'done', time)
  }
  if (is(envelope, dropPublished)) {
    view.state = 'published'
    view.published = envelope.body
  }
  if (is(envelope, dropAnnounced)) {
    view.state = 'announced'
    view.told = envelope.body.told
    end(view, 'announcer', null, 'done', time)
  }
  if (is(envelope, dropFailed)) {
    view.state = 'failed'
    fail(view, null, envelope.body.failure)
  }
  if (is(envelope, dropCancelled)) view.state = 'cancelled'
  if (is(envelope, dropSuperseded)) view.state = 'superseded'
}

/** Takes live progress into the view; `now` in milliseconds. */
export function applyProgress(view: DropView, progress: JobProgress, now: number): void {
  // Services also hear of things that ask nothing of them; only the steps of the plan are shown.
  const step = view.steps.get(keyOf(progress.service, progress.image))
  if (!step) return
  if (progress.state === 'started') {
    if (step.state === 'done') return
    Object.assign(step, { state: 'running', startedAt: now, endedAt: null, phase: '', done: null, total: null })
  }
  if (progress.state === 'running') {
    Object.assign(step, {
      state: 'running',
      phase: progress.phase,
      done: progress.done ?? null,
      total: progress.total ?? null,
    })
    step.startedAt ??= now
  }
  if (progress.state === 'waiting') Object.assign(step, { state: 'waiting', phase: progress.phase })
  if (progress.state === 'done' && step.state === 'running') Object.assign(step, { state: 'done', endedAt: now })
  if (progress.state === 'failed') Object.assign(step, { state: 'failed', endedAt: now, phase: progress.phase })
}

function plan(view: DropView, body: DropScheduled): void {
  view.plan = body
  for (const image of body.images) {
    for (const service of ['builder', 'converter', 'boot-tester']) stepOf(view, service, imageKey(image))
    if (image.targets.includes('ec2')) stepOf(view, 'ec2-publisher', imageKey(image))
  }
  stepOf(view, 'mirror-publisher', null)
  if (body.images.some((image) => image.targets.includes('ec2'))) stepOf(view, 'ec2-publisher', null)
  stepOf(view, 'announcer', null)
}

function stepOf(view: DropView, service: string, image: string | null): StepView {
  const key = keyOf(service, image)
  const known = view.steps.get(key)
  if (known) return known
  const step: StepView = {
    service,
    image,
    state: 'pending',
    phase: '',
    done: null,
    total: null,
    startedAt: null,
    endedAt: null,
  }
  view.steps.set(key, step)
  return step
}

function keyOf(service: string, image: string | null): string {
  return `${image ?? ''}|${service}`
}

function end(view: DropView, service: string, image: string | null, state: 'done' | 'failed', time: number): void {
  const step = stepOf(view, service, image)
  step.state = state
  step.endedAt = time
  step.startedAt ??= time
  if (state === 'done') mend(view, (one) => one.image === image && one.failure.step === service)
}

/** What was tried again and went well no longer counts as a failure. */
function mend(view: DropView, isMended: (failure: DropView['failures'][number]) => boolean): void {
  const left = view.failures.filter((one) => !isMended(one))
  if (left.length === view.failures.length) return
  view.failures.splice(0, Infinity, ...left)
  if (left.length === 0 && (view.state === 'failed' || view.state === 'incomplete')) view.state = 'scheduled'
}

function fail(view: DropView, image: string | null, failure: Failure): void {
  view.failures.push({ image, failure })
}

function imageOf(envelope: Envelope): string {
  return imageKey((envelope.body as BodyOf<typeof imageRequested>).image)
}

function is<Subject extends string, Body>(
  envelope: Envelope,
  definition: EventDefinition<Subject, Body>,
): envelope is Envelope<Subject, Body> {
  return envelope.subject === definition.subject
}
