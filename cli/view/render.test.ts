import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { built, ec2, generic, imageFailed, passes, scheduled, staged } from '#drop/testing/drop-events.ts'
import { jobOn, atSecond } from '#drop/testing/jobs.ts'
import { told } from '#drop/testing/told.ts'
import type { DropState } from '#drop/state.ts'
import { viewDrop, type DropView } from '#drop/view.ts'
import type { Job } from '#ledger/ledger.ts'
import { house } from '#test/support/house.ts'
import { formatDuration, renderDrop } from './render.ts'
import { reportEngines, reportFailed } from './report.ts'
import { ageOf, renderTable } from './table.ts'

function viewOf(state: DropState, jobs: Job[] = [], phase = 'installing packages'): DropView {
  const says = { service: 'builder', drop: 'any', image: 'ec2.x86_64', state: 'running' as const }
  const live = new Map([['builder|ec2.x86_64', { ...says, phase, done: 5, total: 20 }]])
  const view = viewDrop(state, { steps: house.steps, jobs, live })
  if (!view) throw new Error('the drop has no plan')
  return view
}

function textOf(view: DropView, width = 120): string[] {
  return renderDrop(view, atSecond(65).getTime(), width).map(stripVTControlCharacters)
}

const running = [jobOn('builder', 'ec2.x86_64', { state: 'running' })]

describe('a drop on a terminal', () => {
  it('has a title and a line for each step', () => {
    const text = textOf(viewOf(told(scheduled())))
    expect(text[0]).toBe('weekly drop of Debian-12-20260711.n.0')
    expect(text[1]).toBe('· generic.x86_64   build              waits for a free builder')
    expect(text).toHaveLength(12)
  })

  it('shows a running step with its bar, its time and what it does', () => {
    expect(textOf(viewOf(told(scheduled()), running))[4]).toBe(
      '● ec2.x86_64       build        1:05  █████░░░░░░░░░░░░░░░  25 % installing packages',
    )
  })

  it('never draws a line that is wider than the terminal', () => {
    const view = viewOf(told(scheduled()), running, 'x'.repeat(300))
    for (const line of textOf(view, 40)) expect(line.length).toBeLessThan(40)
  })

  it('says what a release engineer types when an incomplete drop waits for a blessing', () => {
    const view = viewOf(told(scheduled(), ...passes(generic), imageFailed(ec2, 'builder'), staged(generic)))
    expect(textOf(view).join('\n')).toContain(`npx imagedrop bless ${view.drop}`)
  })

  it('reports which image failed at which step and why', () => {
    const view = viewOf(told(scheduled(), imageFailed(ec2, 'builder')))
    expect(reportFailed(view, '/state').join('\n')).toContain('ec2.x86_64 failed at builder (recipe): it broke')
  })

  it('reports which engine built an image, and why no earlier one, where the first could not', () => {
    const earlier = [{ name: 'koji', class: 'environment' as const, reason: 'the hub is offline' }]
    const events = [built(generic), built(ec2, undefined, { name: 'livemedia', version: '38', earlier })]
    expect(reportEngines(viewOf(told(scheduled(), ...events)))).toEqual([
      '  ec2.x86_64 was built by livemedia 38, as koji could not (environment): the hub is offline',
    ])
  })
})

it('durations are short to read', () => {
  expect(formatDuration(440)).toBe('0.4 s')
  expect(formatDuration(65_000)).toBe('1:05')
  expect(formatDuration(3_600_000)).toBe('60:00')
})

it('ages are told in their largest unit', () => {
  const now = new Date('2026-07-11T12:00:00Z')
  expect(ageOf('2026-07-11T11:58:30Z', now)).toBe('1 min')
  expect(ageOf('2026-07-10T12:00:00Z', now)).toBe('24 h')
  expect(ageOf('2026-07-01T12:00:00Z', now)).toBe('10 d')
})

it('the columns of a table are as wide as their widest cell', () => {
  expect(renderTable(['A', 'B'], [['long', 'x']])).toEqual(['A     B', 'long  x'])
})
