import { styleText } from 'node:util'
import { formatDuration } from '../view/render.ts'
import { renderTable } from '../view/table.ts'
import type { TimedJob } from './job-times.ts'
import type { Profile } from './profile.ts'
import { sumOf } from './service-times.ts'
import { conclusionOf, headOf, lengthOf, nameOfStep, percent, planOf, titleOf } from './words.ts'

interface Shape {
  /** Of the terminal, in columns. */
  readonly width: number
  /** Also the jobs that are too short to be seen in a bar. */
  readonly all: boolean
}

const leastBar = 10

/** A profile for a terminal: a bar for each job, a table of the services, and the critical path. */
export function renderProfile(profile: Profile, { width, all }: Shape): string[] {
  return [
    titleOf(profile),
    '',
    ...jobLines(profile, { width, all }),
    '',
    ...serviceLines(profile),
    '',
    ...pathLines(profile),
    conclusionOf(profile),
    ...[planOf(profile)].filter((line) => line !== null),
  ]
}

function jobLines(profile: Profile, { width, all }: Shape): string[] {
  const hasPlan = profile.jobs.some(({ expected }) => expected !== null)
  const heading = ['  JOB', '', 'WAITED', 'RAN', ...(hasPlan ? ['EXPECTED'] : [])]
  const cells = renderTable(
    heading,
    profile.jobs.map((job) => [...cellsOf(job), ...(hasPlan ? [expectedOf(job)] : [])]),
  )
  const room = Math.max(...cells.map((line) => line.length)) + 2
  const columns = Math.max(leastBar, width - 1 - room)
  const whole = profile.until.getTime() - profile.from.getTime()
  const isSeen = (job: TimedJob) => all || job.onCriticalPath || lengthOf(job) * columns * 2 >= whole
  const rows = profile.jobs.map((job, index) => {
    const line = `${(cells[index + 1] ?? '').padEnd(room)}${barOf(job, profile, columns)}`.trimEnd()
    return { job, line }
  })
  const seen = rows.filter(({ job }) => isSeen(job))
  const groups = Map.groupBy(seen, ({ job }) => job.process)
  return [
    cells[0] ?? '',
    ...[...groups].flatMap(([process, some]) => [
      ...(groups.size > 1 ? [headOf(process)] : []),
      ...some.map(({ line }) => line),
    ]),
    `  * on the critical path, ${waits} waiting, ${runs} running`,
    ...notesOn(profile, profile.jobs.length - seen.length),
  ]
}

function cellsOf(job: TimedJob): string[] {
  const tries = job.attempts > 1 ? `, try ${String(job.attempts)}` : ''
  const state = job.state === 'done' ? '' : `, ${job.state}`
  const service = `${job.onCriticalPath ? '*' : ' '} ${job.service}${state}${tries}`
  return [service, job.image ?? 'drop', formatDuration(job.waiting), formatDuration(job.running)]
}

function expectedOf({ expected }: TimedJob): string {
  return expected === null ? '' : formatDuration(expected)
}

const waits = '░'
const runs = '█'

/** What runs is always at least one column wide. */
function barOf({ since, waiting, running }: TimedJob, { from, until }: Profile, columns: number): string {
  const whole = Math.max(1, until.getTime() - from.getTime())
  const start = Math.max(0, since.getTime() - from.getTime())
  const place = (time: number) => Math.min(columns, Math.round((time / whole) * columns))
  const runsFrom = Math.min(place(start + waiting), columns - (running > 0 ? 1 : 0))
  const begins = Math.min(place(start), runsFrom)
  const ends = Math.max(place(start + waiting + running), runsFrom + (running > 0 ? 1 : 0))
  const waited = styleText('dim', waits.repeat(runsFrom - begins))
  return `${' '.repeat(begins)}${waited}${styleText('cyan', runs.repeat(ends - runsFrom))}`
}

function notesOn({ later }: Profile, hidden: number): string[] {
  return [
    ...(hidden > 0 ? [`  ${String(hidden)} more too short to be seen: --all shows them`] : []),
    ...(later > 0 ? [`  ${String(later)} more came after the announcement`] : []),
  ]
}

function serviceLines({ services }: Profile): string[] {
  const rows = services.map(({ service, jobs, waiting, running, share }) => {
    return [service, String(jobs), formatDuration(waiting), formatDuration(running), percent(share, 1)]
  })
  return renderTable(['SERVICE', 'JOBS', 'WAITED', 'RAN', 'SHARE'], rows)
}

function pathLines({ criticalPath }: Profile): string[] {
  const whole = sumOf(criticalPath, 'waiting') + sumOf(criticalPath, 'running')
  const rows = criticalPath.map((step) => {
    const { waiting, running, subject } = step
    const after = step.service === null ? '' : subject
    const times = [formatDuration(waiting), formatDuration(running), percent(lengthOf(step), whole)]
    return [nameOfStep(step), after, ...times]
  })
  return renderTable(['CRITICAL PATH', 'AFTER', 'WAITED', 'RAN', 'SHARE'], rows)
}
