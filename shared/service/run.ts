import type { Said } from '#events/define.ts'
import { seal, uuidFrom, type Envelope } from '#events/envelope.ts'
import { checkOutgoing } from '#events/parse.ts'
import { LedgerAway } from '#ledger/ledger.ts'
import type { BoundService } from './define.ts'
import { createDispatcher, type Dispatcher } from './dispatcher.ts'
import { messageOf } from './errors.ts'
import type { Assembled, Voice } from './host.ts'
import { openIntake } from './intake.ts'
import { outletOf } from './outlet.ts'
import { isOwnerAlive } from './owner.ts'
import { keepPresence } from './presence.ts'
import { createRelay } from './relay.ts'
import type { Runtime } from './runtime.ts'

/** Services at work in this process. */
export interface Running {
  /** What a service of this process says, and what it takes in. */
  readonly voiceOf: (service: string) => Voice
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
    // Whoever opened the ledger is told once that it is away, and once that it is back.
    if (error instanceof LedgerAway) log.debug({ reason: error.message }, 'waiting')
    else log.error({ err: error }, 'failed')
  }
  const ending = new AbortController()
  const assembled = all.filter(({ service }) => isActive(service))
  // First of all: what is relayed before an inbox listens is lost to it.
  const { services = all.map((one) => one.service) } = runtime
  const intakes = all.map((one) => openIntake(runtime, one, { services, ending: ending.signal }))
  const subscriptions = new Map(
    await Promise.all(intakes.map(async (intake) => [intake.service, await intake.subscribe()] as const)),
  )
  await ledger.reclaim(isOwnerAlive, now())
  const outlet = outletOf(
    all.map(({ service }) => service),
    await ledger.account(),
  )
  const hear = async (envelopes: readonly Envelope[]) => {
    for (const intake of intakes) await intake.hear(envelopes)
    for (const { id, subject, sender } of envelopes) {
      if (intakes.some(({ subjects }) => subjects.includes(subject))) continue
      log.error({ event: id, subject, sender }, 'refused: no service here says this or hears it')
    }
  }
  const relay = createRelay({ bus, ledger, owner: runtime.owner, now, outlet, hear }, onError)
  const weighty = assembled.map(({ service }) => service).filter(({ needs }) => needs !== null)
  const onRoom = () => {
    for (const dispatcher of dispatchers) dispatcher.look()
  }
  const dispatchers: Dispatcher[] = []
  const presence = await keepPresence({ ...runtime, onRoom }, weighty, onError)
  for (const { service } of assembled) {
    // What is short is done by one process while the others sleep; what is long is shared.
    const gather = subscriptions.get(service.name)?.gather
    const its = { ...runtime, onSaid: relay.wake, onRoom, ...(gather && { onPace: gather }) }
    dispatchers.push(createDispatcher(its, service, onError))
  }
  const watching = ledger.watch((where) => {
    if (where === 'anywhere' || (where === 'outbox' && outlet.hearsRequests)) relay.wake()
    for (const dispatcher of dispatchers) dispatcher.wake(where)
  })

  function sealed(event: Said, seed: string | undefined, sender: string | null = null): Envelope {
    const envelope = { ...seal(event, { now: now(), ...(seed === undefined ? {} : { id: uuidFrom(seed) }) }), sender }
    checkOutgoing(envelope)
    return envelope
  }
  const voiceOf = (service: string): Voice => ({
    async say(event, seed) {
      const envelope = sealed(event, seed)
      await ledger.say(envelope, now(), { service, owner: runtime.owner })
      relay.wake()
      return envelope.id
    },
    async takeIn(event, { sender, seed }) {
      const envelope = sealed(event, seed, sender)
      for (const intake of intakes) await intake.accept([envelope])
      return envelope.id
    },
  })
  const background = assembled.map((one) => one.background?.(voiceOf(one.service.name), ending.signal).catch(onError))
  for (const { service } of assembled) log.info({ service: service.name }, 'starting')
  relay.wake()
  for (const dispatcher of dispatchers) dispatcher.wake('anywhere')

  async function stopOnce(grace: number): Promise<void> {
    log.info({ grace }, 'stopping')
    ending.abort(new Error('the process stops'))
    await Promise.all([...dispatchers.map((dispatcher) => dispatcher.stop(grace)), ...background])
    watching[Symbol.dispose]()
    await presence[Symbol.asyncDispose]()
    await relay.stop()
    await Promise.all([...subscriptions.values()].map((subscription) => subscription[Symbol.asyncDispose]()))
    for (const one of all) {
      await one.close?.().catch((error: unknown) => {
        log.error({ service: one.service.name, reason: messageOf(error) }, 'failed')
      })
    }
    log.info('stopped')
  }
  let stopping: Promise<void> | null = null
  return { voiceOf, stop: (grace) => (stopping ??= stopOnce(grace)) }
}
