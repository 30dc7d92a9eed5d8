import type { Job } from '#ledger/ledger.ts'
import { whyNobody, type Worker } from '#ledger/needs.ts'

/** A job as `status --json` prints it: `unfit` tells why none of the workers that are there can ever run it. */
export function describeJob(job: Job, workers: readonly Worker[]) {
  const { service, state, image, attempts, error, waiting, needs } = job
  const unfit = unfitOf(job, workers)
  return { job: job.id, service, state, image, subject: job.envelope.subject, attempts, error, waiting, needs, unfit }
}

/** A job as `status` prints it: what it waits for, since when and how long at most, or why it failed. */
export function jobLine(job: Job, workers: readonly Worker[]): string {
  const { service, image, state, envelope, error, waiting, cancelRequested } = job
  const what = `${service} ${state}${image === null ? '' : ` with ${image}`} on ${envelope.subject}`
  if (cancelRequested) return `${what}: cancelled, to be cleaned up${error === null ? '' : ` (${error})`}`
  const unfit = unfitOf(job, workers)
  if (unfit !== null) return `${what}: ${unfit}`
  if (waiting === null) return error === null ? what : `${what}: ${error}`
  const key = waiting.for === null ? '' : ` (${waiting.for})`
  const times = `since ${minute(waiting.since)}, looks again ${minute(waiting.until)} at the latest`
  return `${what}: for ${waiting.reason}${key} ${times}`
}

function unfitOf({ service, state, needs }: Job, workers: readonly Worker[]): string | null {
  if (state !== 'queued') return null
  return whyNobody(
    needs,
    workers.filter((worker) => worker.service === service),
  )
}

/** `2026-01-01 12:00Z` */
function minute(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace('T', ' ')}Z`
}
