import { everyEvent } from '#ledger/every-event.ts'
import type { Job, Ledger, OutboxRow } from '#ledger/ledger.ts'
import { findCriticalPath, type PathStep } from './critical-path.ts'
import { timeJob, type Period, type TimedJob } from './job-times.ts'
import { sumServices, type ServiceTimes } from './service-times.ts'

/** What ran when in a drop, and what it waited for. Times of work are in milliseconds, within the period. */
export interface Profile extends Period {
  readonly drop: string
  /** Whether the period ends with the announcement; else with what happened last, or now while work is left. */
  readonly announced: boolean
  /** In order of start. */
  readonly jobs: readonly TimedJob[]
  /** How many jobs came after the announcement, as when a drop is superseded: they are not among `jobs`. */
  readonly later: number
  readonly services: readonly ServiceTimes[]
  readonly criticalPath: readonly PathStep[]
}

/** The profile of a drop from what the ledger keeps of it; null when nothing was said of such a drop. */
export async function profileDrop(
  ledger: Pick<Ledger, 'jobs' | 'events'>,
  drop: string,
  now: Date,
): Promise<Profile | null> {
  const jobs = await ledger.jobs({ drop })
  const said: OutboxRow[] = []
  for await (const row of everyEvent(ledger, { drop })) said.push(row)
  const [first] = said
  if (first === undefined) return null
  const announcement = said.findLast(({ envelope }) => envelope.subject === 'drop.announced.v1')
  const period = {
    from: new Date(first.envelope.time),
    until: announcement ? new Date(announcement.envelope.time) : endOf(jobs, said, now),
  }
  const isInTime = ({ envelope }: Job) => !announcement || envelope.time < announcement.envelope.time
  const [inTime, later] = partition(jobs.filter(isWork), isInTime)
  const criticalPath = findCriticalPath((announcement ?? said.at(-1) ?? first).envelope, { jobs, said })
  const onPath = new Set(criticalPath.map(({ job }) => job))
  const timed = inTime.map((job) => timeJob(job, period, onPath.has(job.id))).toSorted(byStart)
  return {
    drop,
    ...period,
    announced: announcement !== undefined,
    jobs: timed,
    later: later.length,
    services: sumServices(timed),
    criticalPath,
  }
}

/** Services also hear of what asks nothing of them, and jobs end with their drop before anybody began them. */
function isWork({ state, startedAt }: Job): boolean {
  return startedAt !== null || state === 'queued'
}

function endOf(jobs: readonly Job[], said: readonly OutboxRow[], now: Date): Date {
  if (jobs.some(({ state }) => state === 'queued' || state === 'running' || state === 'waiting')) return now
  const ends = jobs.flatMap(({ finishedAt }) => (finishedAt ? [finishedAt.getTime()] : []))
  return new Date(Math.max(...ends, ...said.map(({ envelope }) => Date.parse(envelope.time))))
}

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))]
}

function byStart(one: TimedJob, other: TimedJob): number {
  const startOf = ({ leased, since }: TimedJob) => (leased ?? since).getTime()
  return startOf(one) - startOf(other) || one.id - other.id
}
