import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { say, type Said } from '#events/define.ts'
import { dropReady } from '#events/drop-ready.ts'
import { dropScheduled } from '#events/drop-scheduled.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageFailed } from '#events/image-failed.ts'
import { applyEvent, applyProgress, createDropView, type DropView } from './drop-view.ts'
import { formatDuration, renderDrop } from './render.ts'
import { reportFailed } from './report.ts'

const drop = dropScheduled.example.drop
const now = new Date('2026-01-01T00:00:00Z')

function viewOf(...events: Said[]): DropView {
  const view = createDropView(drop)
  for (const event of events) applyEvent(view, seal(event, { now }))
  return view
}

function textOf(view: DropView, width = 120): string[] {
  return renderDrop(view, now.getTime() + 65_000, width).map(stripVTControlCharacters)
}

const scheduled = say(dropScheduled, dropScheduled.example)
const running = { service: 'builder', drop, image: 'ec2.x86_64', state: 'running' as const }

describe('the view of a drop', () => {
  it('has a line for every step of the plan, and says what each waits for', () => {
    const text = textOf(viewOf(scheduled))
    expect(text[0]).toBe('milestone drop of Fedora-19-20130521.0')
    expect(text.slice(1).map((line) => line.replace(/\s+/g, ' '))).toEqual([
      '· ec2.x86_64 build waits for a free builder',
      '· ec2.x86_64 convert waits for the build',
      '· ec2.x86_64 boot test waits for the build',
      '· ec2.x86_64 EC2 waits for the boot test',
      '· drop mirror waits for every image',
      '· drop EC2 waits for the gate',
      '· drop announce waits for every target',
    ])
  })

  it('shows a running step with its bar, its time and what it does', () => {
    const view = viewOf(scheduled)
    applyProgress(view, { ...running, phase: 'installing packages', done: 5, total: 20 }, now.getTime())
    expect(textOf(view)[1]).toBe('● ec2.x86_64       build        1:05  █████░░░░░░░░░░░░░░░  25 % installing packages')
  })

  it('shows nothing of a service that the plan does not ask', () => {
    const view = viewOf(scheduled)
    applyProgress(view, { ...running, service: 'scheduler', phase: '' }, 0)
    applyProgress(view, { ...running, service: 'ec2-publisher', image: 'generic.x86_64', phase: '' }, 0)
    expect(textOf(view)).toHaveLength(8)
  })

  it('never draws a line that is wider than the terminal', () => {
    const view = viewOf(scheduled)
    applyProgress(view, { ...running, phase: 'x'.repeat(300), done: 1, total: 2 }, now.getTime())
    for (const line of textOf(view, 40)) expect(line.length).toBeLessThan(40)
  })

  it('reports which image failed at which step and why, until it was tried again and went well', () => {
    const view = viewOf(scheduled, say(imageFailed, imageFailed.example))
    expect(reportFailed(view, '/state').join('\n')).toContain(
      'ec2.x86_64 failed at builder (recipe): mkosi: package amazon-ec2-utils not found',
    )
    applyEvent(view, seal(say(imageBuilt, imageBuilt.example), { now }))
    expect(view.failures).toEqual([])
  })

  it('is incomplete when the drop is ready without all its images', () => {
    expect(viewOf(scheduled, say(dropReady, { ...dropReady.example, complete: false })).state).toBe('incomplete')
  })
})

it('durations are short to read', () => {
  expect(formatDuration(440)).toBe('0.4 s')
  expect(formatDuration(65_000)).toBe('1:05')
  expect(formatDuration(3_600_000)).toBe('60:00')
})
