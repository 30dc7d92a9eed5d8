import { isCandidate } from './composes.ts'
import type { DropRecord, Tally } from './tally.ts'

/** What somebody asks a simulation; times in minutes. */
export interface Summary {
  readonly workers: number
  readonly drops: number
  readonly announced: number
  readonly failed: number
  /** From the drop's being scheduled, which follows its compose at once, to its announcement. */
  readonly toAnnounced: { readonly p50: number; readonly p95: number }
  /** The same to its being ready: without the time of people. */
  readonly toReady: { readonly p50: number; readonly p95: number }
  /** From a candidate's being scheduled to its being ready; null without one. */
  readonly candidateToReady: number | null
  /** How much of the time that they were there the workers of a service worked. */
  readonly use: Readonly<{ [service: string]: number }>
  readonly shares: Readonly<{ [service: string]: number }>
  /** Hours that workers worked, those included that came to nothing, and hours that they were there. */
  readonly workerHours: { readonly used: number; readonly there: number }
  /** Whose jobs wait longest for a worker, and how long at the mean; null when none waits for a second. */
  readonly bottleneck: { readonly service: string; readonly waits: number } | null
  /** Attempts after the first of a job, and what they came of. */
  readonly retries: number
  readonly failures: number
  readonly evictions: number
  /** What one drop is to the bus and to the ledger, at the mean. */
  readonly eachDrop: { readonly events: number; readonly kilobytes: number; readonly jobs: number }
}

const minute = 60_000

/** Counts what a simulation came to. */
export function summarize({ drops, services, said, span }: Tally, workers: number): Summary {
  const all = [...drops.values()]
  const { start, end, shares } = span()
  const there = (end - start) / 3_600_000
  const working = [...services].filter(([service]) => shares.has(service))
  const sum = (of: 'busy' | 'attempts' | 'failures' | 'evictions') =>
    working.reduce((total, [, one]) => total + one[of], 0)
  const [longest] = working
    .map(([service, { waits }]) => ({ service, waits: round(mean(waits) / minute) }))
    .toSorted((one, other) => other.waits - one.waits)
  return {
    workers,
    drops: all.length,
    announced: all.filter(({ announced }) => announced !== null).length,
    failed: all.filter(({ announced, failed }) => announced === null && failed !== null).length,
    toAnnounced: quantiles(all.flatMap((drop) => (drop.announced === null ? [] : [drop.announced - drop.scheduled]))),
    toReady: quantiles(all.flatMap((drop) => (drop.ready === null ? [] : [drop.ready - drop.scheduled]))),
    candidateToReady: minutesToReady([...drops].find(([drop]) => isCandidate(drop))?.[1]),
    use: Object.fromEntries(
      working.map(([service, { busy }]) => [service, round(busy / ((end - start) * (shares.get(service) ?? 1)), 3)]),
    ),
    shares: Object.fromEntries(shares),
    workerHours: { used: round(sum('busy') / 3_600_000), there: round(there * workers) },
    bottleneck: longest && longest.waits * minute >= 1000 ? longest : null,
    retries: sum('attempts') - working.reduce((total, [, { waits }]) => total + waits.length, 0),
    failures: sum('failures'),
    evictions: sum('evictions'),
    eachDrop: {
      events: round(said().events / all.length),
      kilobytes: round(said().bytes / all.length / 1000),
      jobs: round([...services.values()].reduce((total, { waits }) => total + waits.length, 0) / all.length),
    },
  }
}

function minutesToReady(drop: DropRecord | undefined): number | null {
  return drop === undefined || drop.ready === null ? null : round((drop.ready - drop.scheduled) / minute)
}

function quantiles(times: readonly number[]): { p50: number; p95: number } {
  const sorted = times.toSorted((one, other) => one - other)
  const at = (share: number) => round((sorted[Math.ceil(sorted.length * share) - 1] ?? 0) / minute)
  return { p50: at(0.5), p95: at(0.95) }
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, one) => sum + one, 0) / values.length
}

function round(value: number, digits = 1): number {
  return Math.round(value * 10 ** digits) / 10 ** digits
}
