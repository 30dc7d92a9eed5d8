import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Bus, JobProgress } from '#bus/bus.ts'
import { seal } from '#events/envelope.ts'
import { findEvent } from '#events/index.ts'
import { checkOutgoing } from '#events/parse.ts'
import type { Said } from '#events/define.ts'
import { LeaseLost, LedgerAway, type Job, type Ledger, type Outcome } from '#ledger/ledger.ts'
import { watchNothing, type AttemptOutcome, type WatchAttempt } from './attempt-watch.ts'
import { backoff } from './backoff.ts'
import type { BoundService, Context } from './define.ts'
import { Cancelled, messageOf } from './errors.ts'
import { whileLedgerIsAway } from './ledger-patience.ts'
import { failureClassOf, failureEvent, isTransient } from './failure.ts'
import type { Accounts, Untrusted } from './trust.ts'

/** What every attempt of this process shares. */
export interface Workshop {
  readonly ledger: Ledger
  readonly bus: Bus
  readonly owner: string
  readonly stateFolder: string
  readonly now: () => Date
  readonly log: Logger
  /** Which accounts at the broker services speak from; default one each. */
  readonly accounts?: Accounts
  /** Called when an event is refused because of who sent it; default nothing. */
  readonly onRefused?: (refusal: Untrusted, service: string) => void
  /** Measures or traces; default nothing. */
  readonly watchAttempt?: WatchAttempt
  /** Called when a job has left events in the outbox, for this process to send. */
  readonly onSaid?: () => void
}

/** The process stops: the job goes back as it was. */
export class Stopping extends Error {
  override name = 'Stopping'
  readonly code = 'STOPPING'
}

/**
 * Runs one leased job to an end and records it. Outcomes: the handler's events → done or failed; a transient error →
 * queued again with backoff, until the attempts are used up; cancelled → cancelled; stopping → queued again, the
 * attempt not counted; lease lost → nothing, somebody else has it; any other error → quarantined, and told.
 */
export async function attempt(shop: Workshop, service: BoundService, job: Job, signal: AbortSignal): Promise<void> {
  const log = shop.log.child({ service: service.name, event: job.envelope.id, drop: job.drop, job: job.id })
  const folders = foldersOf(shop.stateFolder, job)
  const tell = (state: JobProgress['state'], phase = '') => {
    shop.bus.signal({ service: service.name, drop: job.drop, image: job.image, state, phase })
  }
  log.info({ subject: job.envelope.subject, attempt: job.attempts, image: job.image }, 'received')
  tell('started')
  const watch = (shop.watchAttempt ?? watchNothing)(job)
  try {
    const context = contextOf(shop, job, { signal, log, folders })
    const state = await work({ ...shop, trace: watch.traceparent }, service, job, context)
    watch.end(state)
    tell(state)
    folders.clear()
  } catch (error) {
    const reason: unknown = signal.aborted ? signal.reason : error
    const ended = await settle({ ...shop, trace: watch.traceparent }, service, job, reason, log)
    watch.end(ended, reason)
    tell(ended === 'queued' ? 'waiting' : 'failed', messageOf(error))
    if (ended !== 'queued') folders.clear()
  }
}

type TracedShop = Workshop & { readonly trace: string | null }

async function work(shop: TracedShop, service: BoundService, job: Job, context: Context): Promise<'done' | 'failed'> {
  const key = service.keyOf?.(job.envelope) ?? null
  const entity = key === null ? null : await shop.ledger.entity(service.name, key)
  const result = await service.handle(job.envelope, Object.assign(context, { state: entity?.state }))
  context.signal.throwIfAborted()
  const state = result.events.some(isFailure) ? 'failed' : 'done'
  const events = sealAll(shop, job, result.events)
  const written = key !== null && entity !== null && 'state' in result
  const outcome: Outcome = {
    state,
    events,
    ...(written ? { entity: { key, version: entity.version, state: result.state } } : {}),
  }
  const now = shop.now()
  // The work is done: its result is kept until the ledger has it, or somebody else has the job.
  await whileLedgerIsAway(context.log, () => shop.ledger.finish(job.id, shop.owner, outcome, now), context.signal)
  if (events.length > 0) shop.onSaid?.()
  for (const event of events) context.log.info({ subject: event.subject, said: event.id }, 'emitted')
  return state
}

async function settle(
  shop: TracedShop,
  service: BoundService,
  job: Job,
  error: unknown,
  log: Logger,
): Promise<Exclude<AttemptOutcome, 'done' | 'failed'>> {
  const { ledger, owner } = shop
  try {
    if (error instanceof LeaseLost) return await giveUpLease(shop, job, log, error)
    if (error instanceof Stopping) {
      await ledger.putBack(job.id, owner, { at: shop.now(), error: null, counts: false })
      return 'queued'
    }
    if (error instanceof LedgerAway) {
      // Not the job's doing, so not its attempt. If its end was recorded after all, this finds the lease gone.
      const at = new Date(shop.now().getTime() + backoff(service.retry, 1))
      await ledger.putBack(job.id, owner, { at, error: error.message, counts: false })
      return 'queued'
    }
    if (error instanceof Cancelled) {
      await ledger.finish(job.id, owner, { state: 'cancelled', events: [], error: error.message }, shop.now())
      log.warn({ reason: error.message }, 'failed')
      return 'ended'
    }
    if (isTransient(error) && job.attempts < service.retry.attempts) {
      const wait = backoff(service.retry, job.attempts)
      await ledger.putBack(job.id, owner, {
        at: new Date(shop.now().getTime() + wait),
        error: messageOf(error),
        counts: true,
      })
      log.warn({ err: error, attempt: job.attempts, retryInMs: wait }, 'failed')
      return 'queued'
    }
    const events = sealAll(shop, job, failureEvent(service, job.envelope, error))
    await ledger.finish(job.id, owner, { state: 'quarantined', events, error: messageOf(error) }, shop.now())
    if (events.length > 0) shop.onSaid?.()
    log.error({ err: error, class: failureClassOf(error) }, 'failed')
    return 'ended'
  } catch (second) {
    if (!(second instanceof LeaseLost)) throw second
    return await giveUpLease(shop, job, log, second)
  }
}

/** A job that was cancelled at its last moment is recorded as such; one that somebody else holds is theirs. */
async function giveUpLease(
  shop: Workshop,
  job: Job,
  log: Logger,
  error: LeaseLost,
): Promise<'ended' | 'lost' | 'queued'> {
  const held = (await shop.ledger.heartbeat([job.id], shop.owner, shop.now())).get(job.id)
  log.warn({ reason: error.message, held }, 'failed')
  if (held === 'lost') return 'lost'
  if (held === 'held') {
    await shop.ledger.putBack(job.id, shop.owner, { at: shop.now(), error: error.message, counts: true })
    return 'queued'
  }
  await shop.ledger.finish(job.id, shop.owner, { state: 'cancelled', events: [], error: 'cancelled' }, shop.now())
  return 'ended'
}

function contextOf(
  shop: Workshop,
  job: Job,
  { signal, log, folders }: { signal: AbortSignal; log: Logger; folders: Folders },
): Context {
  const { service, drop, image } = job
  return {
    signal,
    log,
    now: shop.now,
    attempt: job.attempts,
    progress: (progress) => {
      shop.bus.signal({ service, drop, image, state: 'running', ...progress })
    },
    get workFolder() {
      return folders.work()
    },
    get logFolder() {
      return folders.logs()
    },
  }
}

type Folders = ReturnType<typeof foldersOf>

/** Most jobs need no folder, so each is made when it is first asked for. */
function foldersOf(stateFolder: string, job: Job) {
  const work = join(stateFolder, 'work', job.service, String(job.id))
  const logs = join(stateFolder, 'logs', job.drop ?? 'none', job.image ?? 'drop', job.service)
  return {
    work() {
      mkdirSync(work, { recursive: true })
      return work
    },
    logs() {
      mkdirSync(logs, { recursive: true })
      return logs
    },
    clear() {
      if (existsSync(work)) rmSync(work, { recursive: true, force: true })
    },
  }
}

function sealAll({ now, trace }: TracedShop, job: Job, events: readonly Said[]) {
  const sealed = events.map((event) => seal(event, { now: now(), causation: job.envelope, trace }))
  sealed.forEach(checkOutgoing)
  return sealed
}

function isFailure(event: Said): boolean {
  return findEvent(event.subject)?.isFailure?.(event.body) ?? false
}
