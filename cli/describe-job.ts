import type { Job } from '#ledger/ledger.ts'

/** A job as `status --json` prints it. */
export function describeJob(job: Job) {
  const { service, state, image, attempts, error, waiting } = job
  return { job: job.id, service, state, image, subject: job.envelope.subject, attempts, error, waiting }
}

/** A job as `status` prints it: what it waits for, since when and how long at most, or why it failed. */
export function jobLine({ service, image, state, envelope, error, waiting, cancelRequested }: Job): string {
  const what = `${service} ${state}${image === null ? '' : ` with ${image}`} on ${envelope.subject}`
  if (cancelRequested) return `${what}: cancelled, to be cleaned up${error === null ? '' : ` (${error})`}`
  if (waiting === null) return error === null ? what : `${what}: ${error}`
  const key = waiting.for === null ? '' : ` (${waiting.for})`
  const times = `since ${minute(waiting.since)}, looks again ${minute(waiting.until)} at the latest`
  return `${what}: for ${waiting.reason}${key} ${times}`
}

/** `2026-01-01 12:00Z` */
function minute(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace('T', ' ')}Z`
}
