import type { Job } from '#ledger/ledger.ts'

/** The time that a profile is about. */
export interface Period {
  readonly from: Date
  readonly until: Date
}

/** A job with its times. */
export interface TimedJob {
  readonly id: number
  readonly service: string
  readonly image: string | null
  /** The event that it is about. */
  readonly subject: string
  readonly state: Job['state']
  readonly attempts: number
  /** The process that runs it or ended it: host and process id. */
  readonly process: string | null
  /** When its event was said. */
  readonly since: Date
  /** When it was leased last; null while it is queued or waits for somebody else. */
  readonly leased: Date | null
  readonly ended: Date | null
  /** Until its last lease: what it did in earlier tries, or before it waited for somebody else, counts as waiting. */
  readonly waiting: number
  readonly running: number
  /** How long it was expected to run, by what such jobs took before; null when nobody knew, or it has not ended. */
  readonly expected: number | null
  readonly onCriticalPath: boolean
}

/** Times a job: what lies outside the period does not count. */
export function timeJob(job: Job, { from, until }: Period, onCriticalPath: boolean): TimedJob {
  const { id, service, image, envelope, state, attempts, expected } = job
  const since = new Date(envelope.time)
  const leased = state === 'queued' || state === 'waiting' ? null : job.startedAt
  const ended = leased && job.finishedAt
  const within = (time: Date) => Math.min(Math.max(time.getTime(), from.getTime()), until.getTime())
  return {
    id,
    service,
    image,
    subject: envelope.subject,
    state,
    attempts,
    process: job.owner === null ? null : nameOf(job.owner),
    since,
    leased,
    ended,
    waiting: Math.max(0, within(leased ?? until) - within(since)),
    running: leased ? Math.max(0, within(ended ?? until) - within(leased)) : 0,
    expected: state === 'done' ? expected : null,
    onCriticalPath,
  }
}

/** The third part of an owner only tells apart processes that had one id. */
function nameOf(owner: string): string {
  return owner.split('/').slice(0, 2).join('/')
}
