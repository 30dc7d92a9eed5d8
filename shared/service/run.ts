import type { Bus } from '#bus/bus.ts'
import type { EventDefinition } from '#events/define.ts'
import { seal, uuidFrom, type Envelope } from '#events/envelope.ts'
import { findEvent, ownEvents } from '#events/index.ts'
import { checkOutgoing } from '#events/parse.ts'
import type { Delivery, Ledger } from '#ledger/ledger.ts'
import type { Workshop } from './attempt.ts'
import type { BoundService } from './define.ts'
import { createDispatcher } from './dispatcher.ts'
import { messageOf } from './errors.ts'
import type { Assembled, Say } from './host.ts'
import { isOwnerAlive } from './owner.ts'
import { createRelay } from './relay.ts'

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
  shop: Workshop,
  isActive: (service: BoundService) => boolean = () => true,
): Promise<Running> {
  const { bus, ledger, log, now } = shop
  const onError = (error: unknown) => {
    log.error({ err: error }, 'failed')
  }
  const assembled = all.filter(({ service }) => isActive(service))
  // First of all: what is relayed before an inbox listens is lost to it.
  const subscriptions = await Promise.all(all.map(({ service }) => subscribe(bus, ledger, service, now)))
  await ledger.reclaim(isOwnerAlive, now())
  const relay = createRelay({ bus, ledger, owner: shop.owner, now }, onError)
  const dispatchers = assembled.map(({ service }) => createDispatcher(shop, service, onError))
  const watching = ledger.watch((where) => {
    if (where === 'outbox' || where === 'anywhere') relay.wake()
    for (const dispatcher of dispatchers) dispatcher.wake(where)
  })

  const say: Say = async (event, seed) => {
    const envelope = seal(event, { now: now(), ...(seed === undefined ? {} : { id: uuidFrom(seed) }) })
    checkOutgoing(envelope)
    await ledger.say(envelope, now())
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

/** What ends work on a drop is heard by every service, whether it asked for it or not, but not by who said it. */
const endings: readonly EventDefinition[] = (ownEvents as readonly EventDefinition[]).filter((event) => event.endsWork)

async function subscribe(bus: Bus, ledger: Ledger, service: BoundService, now: () => Date): Promise<AsyncDisposable> {
  const wanted = new Set(service.consumes.map((event) => event.subject))
  const heard = endings.filter((event) => !event.saidBy.includes(service.name)).map((event) => event.subject)
  const subjects = [...wanted.union(new Set(heard))]

  function deliveryOf(envelope: Envelope): Delivery {
    const isWanted = wanted.has(envelope.subject)
    return {
      envelope,
      wanted: isWanted,
      key: isWanted ? (service.keyOf?.(envelope) ?? null) : null,
      endsWork: heard.includes(envelope.subject) && findEvent(envelope.subject)?.endsWork === true,
    }
  }
  return await bus.subscribe({
    service: service.name,
    subjects,
    async deliver(envelopes) {
      await ledger.accept(service.name, envelopes.map(deliveryOf), now())
    },
  })
}
