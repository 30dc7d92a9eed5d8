import { setTimeout as sleep } from 'node:timers/promises'
import type { JsMsg } from '@nats-io/jetstream'
import type { Logger } from 'pino'
import type { Envelope } from '#events/envelope.ts'
import type { Subscription } from '../bus.ts'
import type { NatsContext } from './context.ts'
import { idOf, storeDeadLetter } from './dead-letter.ts'
import { pauseAfter } from './options.ts'
import { describe } from './refusal.ts'
import { fromMessage } from './wire.ts'

interface InboxOptions extends Pick<NatsContext, 'js' | 'settings' | 'subjects' | 'counts'> {
  readonly subscription: Subscription
  readonly log: Logger
  /** What is being kept is still finished, but nothing new is begun. */
  readonly closing: AbortSignal
}

/** One event that is not acknowledged yet. */
interface Pending {
  /** The newest delivery: only its acknowledgement counts. */
  message: JsMsg
  readonly envelope: Envelope
}

/** After so many events in a row that nobody could keep, it is likely not the events. */
const suspicious = 2
/** Milliseconds between two looks at whether anything can be kept again, at most. */
const longestPause = 30_000

/**
 * What one process of a service has been given and has not yet settled. Events are kept in batches of what is there;
 * when a batch fails, one by one, so that no event is held against another.
 */
export class Inbox implements AsyncDisposable {
  readonly #options: InboxOptions
  readonly #pending = new Map<number, Pending>()
  readonly #deadLetters = new Set<Promise<void>>()
  readonly #heartbeat: NodeJS.Timeout
  #waiting: Pending[] = []
  #keeping: Promise<void> | null = null
  #failures = 0
  #emptied = Promise.withResolvers<undefined>()

  constructor(options: InboxOptions) {
    this.#options = options
    this.#heartbeat = setInterval(() => {
      for (const { message } of this.#pending.values()) message.working()
    }, options.settings.ackWaitMs / 3)
    options.closing.addEventListener('abort', () => this.#emptied.resolve(undefined), { once: true })
  }

  /** How many more events may come. */
  get room(): number {
    return this.#options.settings.prefetch - this.#pending.size
  }

  /** Resolves when at least half of what may be out has been settled. */
  async roomAgain(): Promise<void> {
    const { settings, closing } = this.#options
    while (this.room < settings.prefetch / 2 && !closing.aborted) await this.#emptied.promise
  }

  /** Takes one delivery. From a selective consumer it is wanted by this service, if not by this process. */
  take(message: JsMsg, { selective }: { readonly selective: boolean }): void {
    const { subjects, subscription, settings, counts } = this.#options
    const said = subjects.eventOf(message.subject)
    if (said === null || !subscription.subjects.includes(said.event)) {
      if (selective) this.#passOn(message)
      else message.ack()
      return
    }
    if (message.redelivered) counts.redelivered += 1
    const known = this.#pending.get(message.seq)
    if (known) {
      known.message = message
      return
    }
    const deliveries = message.info.deliveryCount
    if (deliveries > settings.deliveryLimit) {
      this.#deadLetter(
        message,
        `nobody kept it in ${String(deliveries - 1)} deliveries: whoever had it died or fell silent`,
      )
      return
    }
    const pending = this.#read(message, said)
    if (!pending) return
    this.#pending.set(message.seq, pending)
    this.#waiting.push(pending)
    this.#keeping ??= this.#keepAll()
  }

  /** Waits for what is being kept, and gives the rest back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keeping
    await Promise.all(this.#deadLetters)
    clearInterval(this.#heartbeat)
    for (const { message } of this.#pending.values()) message.nak()
    this.#pending.clear()
  }

  #read(message: JsMsg, { event, sender }: { event: string; sender: string | null }): Pending | null {
    const { settings, counts, log, subscription } = this.#options
    try {
      const envelope = fromMessage({
        subject: event,
        sender,
        header: (name) => message.headers?.get(name) ?? '',
        data: message.data,
        stream: settings.stream,
        seq: message.seq,
        storedAt: message.time,
      })
      return { message, envelope: subscription.admit?.(envelope) ?? envelope }
    } catch (error) {
      counts.refused += 1
      const reason = describe(error)
      log.error({ seq: message.seq, place: message.subject, err: error }, 'refused')
      this.#deadLetter(message, reason)
      return null
    }
  }

  /** Another version of the service has asked for this, and is at work beside us, or was. */
  #passOn(message: JsMsg): void {
    const { settings } = this.#options
    const deliveries = message.info.deliveryCount
    if (deliveries < settings.deliveryLimit) message.nak(pauseAfter(deliveries, settings.retryMs, settings.random))
    else this.#deadLetter(message, `no process of the service that got it listens to ${message.subject}`)
  }

  async #keepAll(): Promise<void> {
    // All that came in one go is one batch.
    await new Promise(setImmediate)
    while (this.#waiting.length > 0 && !this.#options.closing.aborted) await this.#keepBatch(this.#waiting.splice(0))
    this.#keeping = null
  }

  async #keepBatch(batch: readonly Pending[]): Promise<void> {
    const failure = await this.#keep(batch)
    if (failure === null) return
    if (batch.length === 1) {
      for (const one of batch) this.#failed(one, failure)
      return
    }
    let kept = 0
    for (const [at, one] of batch.entries()) {
      if (this.#options.closing.aborted) return
      const alone = await this.#keep([one])
      if (alone === null) kept += 1
      else this.#failed(one, alone)
      if (kept === 0 && at + 1 === suspicious) {
        await this.#waitWith(batch.slice(at + 1))
        return
      }
    }
  }

  /** Nothing can be kept now: what was not tried alone waits here, and this counts towards no limit. */
  async #waitWith(untried: readonly Pending[]): Promise<void> {
    this.#failures += 1
    this.#waiting.unshift(...untried)
    const { retryMs, random } = this.#options.settings
    const longest = Math.min(retryMs.longest, longestPause)
    const time = pauseAfter(this.#failures, { first: retryMs.first, longest }, random)
    await sleep(time, undefined, { signal: this.#options.closing }).catch(() => {})
  }

  async #keep(batch: readonly Pending[]): Promise<string | null> {
    const { subscription, counts } = this.#options
    try {
      await subscription.deliver(batch.map(({ envelope }) => envelope))
    } catch (error) {
      return describe(error)
    }
    this.#failures = 0
    counts.delivered += batch.length
    for (const { message } of batch) {
      message.ack()
      this.#settled(message)
    }
    return null
  }

  #failed({ message, envelope }: Pending, reason: string): void {
    const { settings, log } = this.#options
    const deliveries = message.info.deliveryCount
    log.warn({ event: envelope.id, subject: envelope.subject, deliveries, reason }, 'not kept')
    if (deliveries >= settings.deliveryLimit) {
      this.#deadLetter(message, reason)
      return
    }
    message.nak(pauseAfter(deliveries, settings.retryMs, settings.random))
    this.#settled(message)
  }

  #deadLetter(message: JsMsg, reason: string): void {
    const { js, settings, subjects, subscription, log } = this.#options
    const letter = { id: idOf(message), reason, subject: subjects.dead(subscription.service) }
    const storing = storeDeadLetter(js, message, letter)
      .then(() => {
        log.error({ event: letter.id, subject: message.subject, reason }, 'dead letter')
      })
      .catch((error: unknown) => {
        log.error({ err: error, event: letter.id }, 'no dead letter could be written')
        message.nak(pauseAfter(message.info.deliveryCount, settings.retryMs, settings.random))
      })
      .finally(() => {
        this.#deadLetters.delete(storing)
        this.#settled(message)
      })
    this.#deadLetters.add(storing)
  }

  #settled(message: JsMsg): void {
    this.#pending.delete(message.seq)
    this.#emptied.resolve(undefined)
    this.#emptied = Promise.withResolvers<undefined>()
  }
}
