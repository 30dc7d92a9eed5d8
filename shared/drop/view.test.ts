import { describe, expect, it } from 'vitest'
import type { JobProgress } from '#bus/bus.ts'
import { exampleEarlier } from '#events/examples.ts'
import type { Job } from '#ledger/ledger.ts'
import type { Step } from '#service/step.ts'
import { house } from '#test/support/house.ts'
import {
  asks,
  built,
  compared,
  dropFailed,
  ec2,
  expiryReached,
  generic,
  imageFailed,
  imagePublished,
  announced,
  mirrored,
  passes,
  scheduled,
  staged,
  tested,
} from './testing/drop-events.ts'
import { atSecond, jobOn } from './testing/jobs.ts'
import { told } from './testing/told.ts'
import type { DropState } from './state.ts'
import { progressKey } from './view-step.ts'
import { viewDrop, type DropView } from './view.ts'

function viewOf(state: DropState, jobs: readonly Job[] = [], progress: readonly JobProgress[] = []): DropView {
  const live = new Map(progress.map((one) => [progressKey(one), one]))
  const view = viewDrop(state, { steps: house.steps, jobs, live })
  if (!view) throw new Error('the drop has no plan')
  return view
}

function lineOf({ steps }: DropView, image: string | null, verb: string) {
  return steps.find((step) => step.image === image && step.verb === verb)
}

const ready = [scheduled(), ...passes(generic), ...passes(ec2)]
const published = [...ready, staged(generic, ec2), imagePublished(ec2), mirrored(generic, ec2), announced()]

describe('the state that people see is that by which the scheduler decides', () => {
  it.each([
    ['building', told(scheduled())],
    ['staged', told(scheduled({ gate: 'person' }), ...ready.slice(1), staged(generic, ec2))],
    ['announced', told(...published)],
    ['expired', told(...published, expiryReached(false))],
    ['superseded', told(...published, asks('supersession'))],
    ['cancelled', told(scheduled(), asks('cancellation'))],
    ['building', told(scheduled(), asks('cancellation'), asks('retry'))],
    ['failed', told(...ready, dropFailed('mirror-publisher'))],
    ['ready', told(...ready, dropFailed('mirror-publisher'), asks('retry'))],
  ])('%s', (phase, state) => {
    expect(viewOf(state).phase).toBe(phase)
  })

  it('says since which drop nothing has changed', () => {
    const state = told(scheduled({ onlyIfChanged: { since: exampleEarlier } }), compared())
    expect(viewOf(state)).toMatchObject({ phase: 'unchanged', unchangedSince: exampleEarlier.drop })
    expect(viewOf(told(...published)).unchangedSince).toBeNull()
  })

  it('says that an incomplete drop waits for a person', () => {
    const state = told(scheduled(), ...passes(generic), imageFailed(ec2, 'builder'), staged(generic))
    expect(viewOf(state)).toMatchObject({ phase: 'staged', waitsForPerson: true, passed: 1, total: 2 })
  })

  it('is nothing before the plan is known', () => {
    expect(viewDrop(told(built(generic)), { steps: house.steps, jobs: [] })).toBeNull()
  })
})

describe('a step', () => {
  it('has a line for every image that it is for, in the order of the pipeline, and says what it waits for', () => {
    const lines = viewOf(told(scheduled())).steps.map(
      ({ image, verb, phase }) => `${image ?? 'drop'} ${verb}: ${phase}`,
    )
    expect(lines).toEqual([
      'generic.x86_64 build: waits for a free builder',
      'generic.x86_64 boot test: waits for the build',
      'generic.x86_64 convert: waits for the build',
      'ec2.x86_64 build: waits for a free builder',
      'ec2.x86_64 boot test: waits for the build',
      'ec2.x86_64 convert: waits for the build',
      'ec2.x86_64 EC2: waits for the boot test',
      'drop mirror: waits for every image',
      'drop EC2: waits for the gate',
      'drop moon: waits for the mirror',
      'drop announce: waits for every target',
    ])
  })

  it('takes its times from the jobs, also of a drop that is over', () => {
    const jobs = [
      jobOn('builder', 'generic.x86_64', { from: 10, to: 75 }),
      jobOn('mirror-publisher', null, { from: 100, to: 103, subject: 'drop.ready.v1' }),
      jobOn('mirror-publisher', null, { from: 5_000, to: 5_001, subject: 'drop.blessed.v1' }),
      jobOn('mirror-publisher', null, { from: null, to: 1, subject: 'drop.cancelled.v1' }),
    ]
    const view = viewOf(told(...published), jobs)
    expect(lineOf(view, 'generic.x86_64', 'build')).toMatchObject({ state: 'done', worked: 65_000 })
    expect(lineOf(view, null, 'mirror')).toMatchObject({ state: 'done', worked: 4_000, runningSince: null })
  })

  it('that runs says what it told last, and since when it runs', () => {
    const running = jobOn('builder', 'ec2.x86_64', { state: 'running', from: 20 })
    const says = { service: 'builder', drop: running.drop, image: 'ec2.x86_64', state: 'running' as const }
    const view = viewOf(told(scheduled()), [running], [{ ...says, phase: 'installing packages', done: 5, total: 20 }])
    expect(lineOf(view, 'ec2.x86_64', 'build')).toMatchObject({
      state: 'running',
      phase: 'installing packages',
      done: 5,
      total: 20,
      runningSince: atSecond(20),
    })
  })

  it.each<[string, Job, { state: string; phase: string }]>([
    [
      'waits for a worker',
      jobOn('builder', 'ec2.x86_64', { state: 'queued', from: null }),
      { state: 'queued', phase: 'waits for a free worker' },
    ],
    [
      'is tried again',
      jobOn('builder', 'ec2.x86_64', { state: 'queued', error: 'no route to host' }),
      { state: 'waiting', phase: 'tries again: no route to host' },
    ],
    [
      'waits for somebody else',
      jobOn('builder', 'ec2.x86_64', {
        state: 'waiting',
        waiting: { reason: 'a Koji task', kind: 'others', for: 'koji:1', since: atSecond(60), until: atSecond(900) },
      }),
      { state: 'waiting', phase: 'waits for a Koji task since 2026-07-11 00:01' },
    ],
    [
      'is in quarantine',
      jobOn('builder', 'ec2.x86_64', { state: 'quarantined', to: 1, error: 'a bug' }),
      { state: 'failed', phase: 'a bug' },
    ],
  ])('%s', (_what, job, expected) => {
    expect(lineOf(viewOf(told(scheduled()), [job]), 'ec2.x86_64', 'build')).toMatchObject(expected)
  })

  it('that failed says why, and those after it are not reached', () => {
    const view = viewOf(told(scheduled(), built(ec2), tested(ec2, 'failed')))
    expect(lineOf(view, 'ec2.x86_64', 'boot test')).toMatchObject({
      state: 'failed',
      phase: 'boot test failed: ssh: port 22',
    })
    expect(lineOf(view, 'ec2.x86_64', 'EC2')).toMatchObject({ state: 'pending', phase: 'not reached' })
    expect(view.failures).toMatchObject([{ image: 'ec2.x86_64', failure: { class: 'verdict' } }])
  })

  it('of a publisher that is no more is shown by its target', () => {
    const none: Step[] = []
    const view = viewDrop(told(scheduled()), { steps: none, jobs: [] })
    expect(view?.steps.map(({ verb }) => verb)).toEqual(['ec2', 'ec2', 'moon'])
  })
})
