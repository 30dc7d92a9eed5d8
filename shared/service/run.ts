import { seal, uuidFrom } from '#events/envelope.ts'
import { checkOutgoing } from '#events/parse.ts'
import type { BoundService } from './define.ts'
import { createDispatcher } from './dispatcher.ts'
import { messageOf } from './errors.ts'
import type { Assembled, Say } from './host.ts'
import { inboxOf } from './inbox.ts'
import { whileLedgerIsAway } from './ledger-patience.ts'
import { isOwnerAlive } from './owner.ts'
import { createRelay } from './relay.ts'
import type { Runtime } from './runtime.ts'

/** Services at work in this process. */
export interface Running {
  readonly say: Say
  /**
   * Stops in a fixed order: background work, then running jobs (given `grace` milliseconds to end, then aborted and
   * put back), then the outbox, then intake, then the services' own connections. Intake only fills inboxes; it must
   * outlast the outbox, or what is sent last would reach nobody. Stopping twice is stopping once.
   */
  stop(grace: number): Promise<void>
}

/**
 * Puts services to work on a bus and a ledger. Those that are not `active` get their inboxes filled, for a process
 * that will run them: a bus within one process knows no other way to keep their events.
 */
export async function runServices(
  all: readonly Assembled[],
  runtime: Runtime,
  isActive: (service: BoundService) => boolean = () => true,
): Promise<Running> {
  const { bus, ledger, log, now } = runtime
  const onError = (error: unknown) => {
    log.error({ err: error }, 'failed')
  }
  const assembled = all.filter(({ service }) => isActive(service))
  // First of all: what is relayed before an inbox listens is lost to it.
  const subscriptions = await Promise.all(all.map(({ service }) => subscribe(runtime, service)))
  await whileLedgerIsAway(log, () => ledger.reclaim(isOwnerAlive, now()))
  const relay = createRelay({ bus, ledger, owner: runtime.owner, now }, onError)
  const dispatchers = assembled.map(({ service }) =>
    createDispatcher({ ...runtime, onSaid: relay.wake }, service, onError),
  )
  const watching = ledger.watch((where) => {
    if (where === 'outbox' || where === 'anywhere') relay.wake()
    for (const dispatcher of dispatchers) dispatcher.wake(where)
  })

  const say: Say = async (event, seed) => {
    const envelope = seal(event, { now: now(), ...(seed === undefined ? {} : { id: uuidFrom(seed) }) })
    checkOutgoing(envelope)
    await ledger.say(envelope, now(), runtime.owner)
    relay.wake()
    return envelope.id
  }
  const ending = new AbortController()
  const background = assembled.map((one) => one.background?.(say, ending.signal).catch(onError))
  for (const { service } of assembled) log.info({ service: service.name }, 'starting')
  relay.wake()
  for (const dispatcher of dispatchers) dispatcher.wake('anywhere')

  async function stopOnce(grace: number): Promise<void> {
    log.info({ grace }, 'stopping')
    ending.abort(new Error('the process stops'))
    await Promise.all([...dispatchers.map((dispatcher) => dispatcher.stop(grace)), ...background])
    watching[Symbol.dispose]()
    await relay.stop()
    await Promise.all(subscriptions.map((subscription) => subscription[Symbol.asyncDispose]()))
    for (const one of all) {
      await one.close?.().catch((error: unknown) => {
        log.error({ service: one.service.name, reason: messageOf(error) }, 'failed')
      })
    }
    log.info('stopped')
  }
  let stopping: Promise<void> | null = null
  return { say, stop: (grace) => (stopping ??= stopOnce(grace)) }
}

async function subscribe({ bus, ledger, now, log }: Runtime, service: BoundService): Promise<AsyncDisposable> {
  const { subjects, deliveryOf } = inboxOf(service)
  return await bus.subscribe({
    service: service.name,
    subjects,
    deliver: (envelopes) =>
      whileLedgerIsAway(log, async () => {
        await ledger.accept(service.name, envelopes.map(deliveryOf), now())
      }),
  })
}
