import type { JobProgress } from '#bus/bus.ts'
import type { Said } from '#events/define.ts'
import type { Envelope } from '#events/envelope.ts'
import { findEvent } from '#events/index.ts'
import type { Job, LeasedJob, Outcome, OutboxRow } from '#ledger/ledger.ts'
import { watchNothing, type AttemptOutcome } from './attempt-watch.ts'
import type { BoundService, Context, Waited } from './define.ts'
import { messageOf, Preempted } from './errors.ts'
import { contextOf, foldersOf } from './job-context.ts'
import { whileLedgerIsAway } from './ledger-patience.ts'
import { settle } from './settle.ts'
import { checkWait } from './wait.ts'
import { sealAll, type TracedRuntime, type Runtime } from './runtime.ts'

/**
 * Runs one leased job to an end, or to its next wait, and records it. Outcomes: the handler's events → done or failed;
 * its wait → waiting, no attempt; a transient error → queued again with backoff, until the attempts are used up;
 * cancelled → cancelled, after the service has cleaned up; stopping, or preempted → queued again, the attempt not counted; lease lost →
 * nothing, somebody else has it; any other error → quarantined, and told. Resolves with what became of it.
 */
export async function attempt(
  runtime: Runtime,
  service: BoundService,
  job: LeasedJob,
  signal: AbortSignal,
): Promise<AttemptOutcome> {
  const log = runtime.log.child({ service: service.name, event: job.envelope.id, drop: job.drop, job: job.id })
  const folders = foldersOf(runtime.stateFolder, job)
  const tell = (state: JobProgress['state'], phase = '') => {
    runtime.bus.signal({ service: service.name, drop: job.drop, image: job.image, state, phase })
  }
  log.info({ subject: job.envelope.subject, attempt: job.attempts, image: job.image }, 'received')
  tell('started')
  const watch = (runtime.watchAttempt ?? watchNothing)(job)
  const traced = { ...runtime, trace: watch.traceparent }
  try {
    const context = contextOf(runtime, job, { signal, log, folders })
    const { state, phase } = await (job.cancelRequested ? abandon : work)(traced, service, job, context)
    watch.end(state)
    tell(state === 'ended' ? 'failed' : state, phase)
    folders.clear()
    return state
  } catch (error) {
    const reason: unknown = signal.aborted ? signal.reason : error
    // Its room on the disk is for another, and it may begin again elsewhere.
    if (reason instanceof Preempted) folders.clear()
    const ended = await settle(traced, service, job, { error: reason, isAborted: signal.aborted, log })
    watch.end(ended, reason)
    if (ended === 'queued') tell('waiting', `tries again: ${messageOf(error)}`)
    else {
      tell('failed', messageOf(error))
      folders.clear()
    }
    return ended
  }
}

interface Worked {
  readonly state: 'done' | 'failed' | 'waiting' | 'ended'
  /** What a person sees of it. */
  readonly phase: string
}

type JobContext = Context & { readonly waited?: Waited }

async function work(
  runtime: TracedRuntime,
  service: BoundService,
  job: LeasedJob,
  context: JobContext,
): Promise<Worked> {
  const { ledger, owner } = runtime
  const key = service.keyOf?.(job.envelope) ?? null
  // A job that another version took in may have another key, or none.
  const leased = job.entity?.key === key ? job.entity : null
  const entity = key === null ? null : (leased ?? (await ledger.entity(service.name, key)))
  const result = await service.handle(job.envelope, Object.assign(context, { state: entity?.state }))
  context.signal.throwIfAborted()
  const events = sealAll(runtime, job, result.events)
  const isWritten = key !== null && entity !== null && 'state' in result
  const written = {
    events,
    ...(isWritten ? { entity: { key, version: entity.version, state: result.state } } : {}),
  }
  const now = runtime.now()
  // The work is done: its result is kept until the ledger has it, or somebody else has the job.
  const keep = <Result>(call: () => Promise<Result>) => whileLedgerIsAway(context.log, call, context.signal)
  if (result.wait) {
    const wait = { ...checkWait(service, result.wait, now), ...written }
    await keep(() => ledger.park(job.id, owner, wait, now))
    noteSaid(runtime, context, events, null)
    context.log.info({ reason: wait.reason, key: wait.for, until: wait.until }, 'waiting')
    return { state: 'waiting', phase: `waits for ${wait.reason}` }
  }
  const state = result.events.some(isFailure) ? 'failed' : 'done'
  const outcome: Outcome = { state, ...written }
  const said = await keep(() => ledger.finish(job.id, owner, outcome, now))
  noteSaid(runtime, context, events, said)
  return { state, phase: '' }
}

/** A job whose drop has ended: nothing is left to do but to clean up. */
async function abandon(runtime: TracedRuntime, service: BoundService, job: Job, context: JobContext): Promise<Worked> {
  await service.abandon?.(job.envelope, context)
  context.signal.throwIfAborted()
  const now = runtime.now()
  const outcome: Outcome = { state: 'cancelled', events: [], error: 'cancelled' }
  await whileLedgerIsAway(context.log, () => runtime.ledger.finish(job.id, runtime.owner, outcome, now), context.signal)
  context.log.warn({ reason: 'cancelled' }, 'failed')
  return { state: 'ended', phase: 'cancelled' }
}

function noteSaid(
  runtime: Runtime,
  { log }: Context,
  events: readonly Envelope[],
  said: readonly OutboxRow[] | null,
): void {
  if (events.length > 0) runtime.onSaid?.(said)
  for (const event of events) log.info({ subject: event.subject, said: event.id }, 'emitted')
}

function isFailure(event: Said): boolean {
  return findEvent(event.subject)?.isFailure?.(event.body) ?? false
}
