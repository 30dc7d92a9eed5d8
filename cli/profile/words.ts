import { formatDuration } from '../view/render.ts'
import type { PathStep } from './critical-path.ts'
import type { Profile } from './profile.ts'
import { sumOf } from './service-times.ts'

/** What the profile is about, and over which time. */
export function titleOf({ drop, from, until, announced }: Profile): string {
  const whole = formatDuration(until.getTime() - from.getTime())
  const begin = `from ${from.toISOString().slice(0, 19).replace('T', ' ')}Z`
  return announced
    ? `${drop}: ${whole}, ${begin} to its announcement`
    : `${drop}: ${whole} so far, ${begin}; it is not announced`
}

/** Above the jobs of one process. */
export function headOf(process: string | null): string {
  return process === null ? 'in no process, or none that is known' : `in the process ${process}`
}

/** What a step of the path is: a service and its image, or what somebody outside said. */
export function nameOfStep({ service, image, subject }: PathStep): string {
  if (service === null) return `until ${subject}`
  return image === null ? service : `${service} of ${image}`
}

/** How much of the critical path is waiting, and which step is the longest: what would have to be faster. */
export function conclusionOf({ criticalPath }: Profile): string {
  const waiting = sumOf(criticalPath, 'waiting')
  const whole = waiting + sumOf(criticalPath, 'running')
  const [longest] = criticalPath.toSorted((one, other) => lengthOf(other) - lengthOf(one))
  if (longest === undefined) return 'nothing has followed its first event yet'
  return (
    `critical path ${formatDuration(whole)}: ${formatDuration(waiting)} (${percent(waiting, whole)}) is waiting; ` +
    `the longest step is ${nameOfStep(longest)}, ${formatDuration(lengthOf(longest))} (${percent(lengthOf(longest), whole)})`
  )
}

/** How far the plan was off: what jobs took against what they were expected to take; null when nothing was expected of any. */
export function planOf({ jobs }: Profile): string | null {
  const known = jobs.flatMap(({ running, expected }) => (expected === null ? [] : [{ running, expected }]))
  const [took, expected] = [sumOf(known, 'running'), sumOf(known, 'expected')]
  if (expected === 0) return null
  const off = known.reduce((sum, job) => sum + Math.abs(job.running - job.expected), 0)
  const jobsOf = known.length === 1 ? '1 job' : `${String(known.length)} jobs`
  return (
    `the plan: ${jobsOf} took ${formatDuration(took)}, expected were ${formatDuration(expected)}; ` +
    `each by itself, ${percent(off, expected)} off`
  )
}

/** How long a step took, waiting included. */
export function lengthOf({ waiting, running }: Pick<PathStep, 'waiting' | 'running'>): number {
  return waiting + running
}

/** `43 %` */
export function percent(part: number, whole: number): string {
  return `${String(whole === 0 ? 0 : Math.round((part / whole) * 100))} %`
}
