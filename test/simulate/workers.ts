import { meanSeconds } from './durations.ts'

/** The services whose jobs take a worker. The scheduler and the announcer run beside them. */
export const workingServices = ['builder', 'converter', 'boot-tester', 'ec2-publisher', 'mirror-publisher'] as const

/** The fewest workers with which every service has one. */
export const fewestWorkers = workingServices.length

/**
 * Shares workers among the services by what each has to do, one after the other to the service that has most left for
 * each that it would have (D'Hondt): so with more workers no service has fewer.
 */
export function shareWorkers(workers: number, images: number): Map<string, number> {
  const shares = new Map<string, number>(workingServices.map((service) => [service, 1]))
  for (let shared = fewestWorkers; shared < workers; shared += 1) {
    const left = ([service, has]: readonly [string, number]) => meanSeconds(service, images) / (has + 1)
    const [[next, has] = ['builder', 1] as const] = [...shares].toSorted((one, other) => left(other) - left(one))
    shares.set(next, has + 1)
  }
  return shares
}
