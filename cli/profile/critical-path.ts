import type { Envelope } from '#events/envelope.ts'
import type { Job, OutboxRow } from '#ledger/ledger.ts'

/** One step of the path: a job, or the time until somebody outside said what it went on with. */
export interface PathStep {
  /** Null when no job of the drop led on: a person's request, as a blessing, or a message of others. */
  readonly job: number | null
  readonly service: string | null
  readonly image: string | null
  /** The event that it waited for; of a step without a job, what was said at its end. */
  readonly subject: string
  readonly from: Date
  readonly waiting: number
  readonly running: number
}

interface Story {
  readonly jobs: readonly Job[]
  /** In order. */
  readonly said: readonly OutboxRow[]
}

/**
 * What led to an event, from the drop's first event on. Each event names the one whose handling said it, so a step that
 * waits for several follows the last of them; and what somebody outside said, as a blessing, follows what was said last
 * before it. The steps join: their waiting and running sum up to the whole time.
 */
export function findCriticalPath(end: Envelope, { jobs, said }: Story): PathStep[] {
  const jobOf = new Map(jobs.map((job) => [keyOf(job.service, job.envelope.id), job]))
  const rowOf = new Map(said.map((row) => [row.envelope.id, row]))
  const path: PathStep[] = []
  let event: Envelope = end
  // Causes lead back to the first event; the bound is for events that clocks of several hosts have put out of order.
  while (event.id !== said[0]?.envelope.id && path.length < 2 * said.length) {
    const job = jobOf.get(keyOf(rowOf.get(event.id)?.service ?? '', event.causation ?? ''))
    const before = job ? causeOf(job, (id) => rowOf.has(id)) : lastBefore(event, said)
    if (before === undefined) break
    path.unshift(job ? jobStep(job, before, event) : outsideStep(before, event))
    event = before
  }
  return path
}

function keyOf(service: string, event: string): string {
  return `${service} ${event}`
}

/** What a job waited for: its event, or one of the drop that came later and woke it. */
function causeOf({ envelope, waited }: Job, isOfDrop: (id: string) => boolean): Envelope {
  if (waited === null || waited.why === 'time') return envelope
  const { event } = waited.why
  return new Date(event.time) >= waited.since && isOfDrop(event.id) ? event : envelope
}

function lastBefore({ time }: Envelope, said: readonly OutboxRow[]): Envelope | undefined {
  return said.findLast(({ envelope }) => envelope.time < time)?.envelope
}

/** It ran until it said what led on, which may be before it ended or began to wait. */
function jobStep({ id, service, image, startedAt }: Job, { subject, time }: Envelope, next: Envelope): PathStep {
  const from = new Date(time)
  const whole = timeBetween(time, next.time)
  const waiting = startedAt ? Math.min(whole, Math.max(0, startedAt.getTime() - from.getTime())) : whole
  return { job: id, service, image, subject, from, waiting, running: whole - waiting }
}

function outsideStep({ time }: Envelope, next: Envelope): PathStep {
  const waiting = timeBetween(time, next.time)
  return { job: null, service: null, image: null, subject: next.subject, from: new Date(time), waiting, running: 0 }
}

function timeBetween(one: string, other: string): number {
  return Math.max(0, Date.parse(other) - Date.parse(one))
}
