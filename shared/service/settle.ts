import type { Logger } from 'pino'
import { LeaseLost, LedgerAway, type Job } from '#ledger/ledger.ts'
import type { AttemptOutcome } from './attempt-watch.ts'
import { backoff } from './backoff.ts'
import type { BoundService } from './define.ts'
import { Cancelled, messageOf, Preempted, Stopping } from './errors.ts'
import { failureEvent } from './failure-event.ts'
import { failureClassOf, isTransient } from './failure.ts'
import { sealAll, type TracedRuntime, type Runtime } from './runtime.ts'

interface Failed {
  readonly error: unknown
  /** Whether the runtime ended the attempt, rather than the handler. */
  readonly isAborted: boolean
  readonly log: Logger
}

type Ended = Extract<AttemptOutcome, 'queued' | 'ended' | 'lost'>

/** Records that an attempt did not reach its goal, and what is to become of its job. */
export async function settle(
  runtime: TracedRuntime,
  service: BoundService,
  job: Job,
  { error, isAborted, log }: Failed,
): Promise<Ended> {
  const { ledger, owner } = runtime
  try {
    if (error instanceof LeaseLost) return await giveUpLease(runtime, service, job, log, error)
    if (error instanceof Stopping) {
      await ledger.putBack(job.id, owner, { at: runtime.now(), error: null, counts: false })
      return 'queued'
    }
    if (error instanceof Preempted) {
      log.warn({ reason: error.message }, 'failed')
      await ledger.putBack(job.id, owner, { at: runtime.now(), error: error.message, counts: false })
      return 'queued'
    }
    if (error instanceof LedgerAway) {
      // Not the job's doing, so not its attempt. If its end was recorded after all, this finds the lease gone.
      const at = new Date(runtime.now().getTime() + backoff(service.retry, 1))
      await ledger.putBack(job.id, owner, { at, error: error.message, counts: false })
      return 'queued'
    }
    if (error instanceof Cancelled) {
      log.warn({ reason: error.message }, 'failed')
      return await cancel(runtime, isAborted ? service : null, job, error.message)
    }
    if (isTransient(error) && job.attempts < service.retry.attempts) {
      const wait = backoff(service.retry, job.attempts)
      const at = new Date(runtime.now().getTime() + wait)
      await ledger.putBack(job.id, owner, { at, error: messageOf(error), counts: true })
      log.warn({ err: error, attempt: job.attempts, retryInMs: wait }, 'failed')
      return 'queued'
    }
    // What could not be cleaned up is for a person only: of a cancelled drop the others want to hear nothing more.
    const events = job.cancelRequested ? [] : sealAll(runtime, job, failureEvent(service, job.envelope, error))
    const outcome = {
      state: 'quarantined',
      events,
      error: messageOf(error),
      whileCancelled: job.cancelRequested,
    } as const
    const said = await ledger.finish(job.id, owner, outcome, runtime.now())
    if (events.length > 0) runtime.onSaid?.(said)
    log.error({ err: error, class: failureClassOf(error) }, 'failed')
    return 'ended'
  } catch (second) {
    if (!(second instanceof LeaseLost)) throw second
    return await giveUpLease(runtime, service, job, log, second)
  }
}

/** A job that was cancelled at its last moment is recorded as such; one that somebody else holds is theirs. */
async function giveUpLease(
  runtime: Runtime,
  service: BoundService,
  job: Job,
  log: Logger,
  error: LeaseLost,
): Promise<Ended> {
  const held = (await runtime.ledger.heartbeat([job.id], runtime.owner, runtime.now())).get(job.id)
  log.warn({ reason: error.message, held }, 'failed')
  if (held === 'lost') return 'lost'
  if (held === 'held' || typeof held === 'object') {
    await runtime.ledger.putBack(job.id, runtime.owner, { at: runtime.now(), error: error.message, counts: true })
    return 'queued'
  }
  return await cancel(runtime, service, job, 'cancelled')
}

/** Ends a cancelled job, or leaves it to be leased once more for its service to clean up: see `abandon`. */
async function cancel(
  { ledger, owner, now }: Runtime,
  service: BoundService | null,
  job: Job,
  error: string,
): Promise<Ended> {
  if (service?.abandon && !job.cancelRequested) {
    await ledger.putBack(job.id, owner, { at: now(), error, counts: false })
    return 'queued'
  }
  await ledger.finish(job.id, owner, { state: 'cancelled', events: [], error }, now())
  return 'ended'
}
