import { styleText } from 'node:util'
import type { DropView } from '#drop/view.ts'
import type { StepView } from '#drop/view-step.ts'

/** One line per image and step. `now` in milliseconds, `width` in columns. */
export function renderDrop(view: DropView, now: number, width: number): string[] {
  const { kind, compose } = view.plan
  const title = styleText('bold', `${kind} drop of ${compose.id}`)
  const lines = [title, ...view.steps.map((step) => renderStep(view, step, now))]
  return lines.map((line) => cut(line, width))
}

function renderStep(view: DropView, step: StepView, now: number): string {
  const name = (step.image ?? 'drop').padEnd(16)
  const verb = step.verb.padEnd(10)
  const elapsed = elapsedOf(step, now).padStart(6)
  return `${mark(step)} ${name} ${verb} ${elapsed}  ${bar(step)}${says(view, step)}`
}

function mark(step: StepView): string {
  switch (step.state) {
    case 'done':
      return styleText('green', '✔')
    case 'failed':
      return styleText('red', '✘')
    case 'running':
      return styleText('cyan', '●')
    case 'waiting':
      return styleText('yellow', '…')
    case 'queued':
    case 'pending':
      return styleText('dim', '·')
  }
}

function elapsedOf({ worked, runningSince }: StepView, now: number): string {
  const time = worked + (runningSince === null ? 0 : now - runningSince.getTime())
  return time === 0 && runningSince === null ? '' : formatDuration(time)
}

/** `1:05`, or `0.4 s` below ten seconds. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 10_000) return `${(milliseconds / 1000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1000)
  return `${String(Math.floor(seconds / 60))}:${String(seconds % 60).padStart(2, '0')}`
}

const barWidth = 20

function bar({ state, done, total }: StepView): string {
  if (state !== 'running' || done === null || total === null || total <= 0) return ''
  const share = Math.min(done / total, 1)
  const full = Math.round(share * barWidth)
  const percent = `${String(Math.round(share * 100)).padStart(3)} %`
  return `${'█'.repeat(full)}${styleText('dim', '░'.repeat(barWidth - full))} ${percent} `
}

function says(view: DropView, step: StepView): string {
  if (step.state !== 'pending' && step.state !== 'queued') return step.phase
  if (view.waitsForPerson && step.image === null) return blessingHint(view.drop)
  return styleText('dim', step.phase)
}

/** What a release engineer types to open the gate. */
export function blessingHint(drop: string): string {
  return `waits for the blessing: npx imagedrop bless ${drop}`
}

/** Cuts a line to the width of the terminal; escape sequences take no room. */
function cut(line: string, width: number): string {
  // eslint-disable-next-line no-control-regex
  const parts = line.split(/(\u001B\[[0-9;]*m)/)
  let room = width - 1
  return parts
    .map((part, index) => {
      if (index % 2 === 1) return part
      const kept = part.slice(0, Math.max(room, 0))
      room -= part.length
      return kept
    })
    .join('')
}
