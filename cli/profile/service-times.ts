import type { TimedJob } from './job-times.ts'

/** What a service did on a drop. */
export interface ServiceTimes {
  readonly service: string
  readonly jobs: number
  readonly waiting: number
  readonly running: number
  /** Its part of the time that all ran. */
  readonly share: number
}

/** The times of each service, the one that ran longest first. */
export function sumServices(jobs: readonly TimedJob[]): ServiceTimes[] {
  const whole = sumOf(jobs, 'running')
  return [...Map.groupBy(jobs, ({ service }) => service)]
    .map(([service, some]) => {
      const running = sumOf(some, 'running')
      const share = whole === 0 ? 0 : running / whole
      return { service, jobs: some.length, waiting: sumOf(some, 'waiting'), running, share }
    })
    .toSorted((one, other) => other.running - one.running || one.service.localeCompare(other.service))
}

/** How long some waited, ran, or were expected to, in all. */
export function sumOf<Name extends 'waiting' | 'running' | 'expected'>(
  some: readonly Readonly<Record<Name, number>>[],
  name: Name,
): number {
  return some.reduce((sum, one) => sum + one[name], 0)
}
