import { setTimeout as sleep } from 'node:timers/promises'
import type { Consumer } from '@nats-io/jetstream'
import type { Subscription } from '../bus.ts'
import { ensureDurable, isSelective } from './durable.ts'
import type { NatsContext } from './context.ts'
import { Inbox } from './inbox.ts'
import { pauseAfter } from './options.ts'
import { describe, isFinal } from './refusal.ts'
import { ensureStream } from './stream.ts'

const retry = { first: 100, longest: 10_000 }
/** The server says that it is still there every so often, and lets go of a request after this. */
const patience = { idle_heartbeat: 5000, expires: 30_000 }
/** A consumer that was lost starts so many milliseconds before it was last heard of: clocks differ. */
const overlap = 300_000

/**
 * Delivers to one subscription until it is disposed of. We ask for as many events as there is room for, and again when
 * half of them are settled: the library's own endless `consume` asks by what was received, not by what was kept.
 */
export async function consume(context: NatsContext, subscription: Subscription): Promise<AsyncDisposable> {
  const { link, settings } = context
  const log = settings.log.child({ service: subscription.service })
  const closing = new AbortController()
  let consumer = await open(context, subscription)
  const inbox = new Inbox({ ...context, subscription, log, closing: closing.signal })
  let heardOf = Date.now()

  async function pull(): Promise<void> {
    const selective = isSelective((await consumer.info(true)).config)
    const ends = AbortSignal.any([link.lost(), closing.signal])
    const messages = await consumer.fetch({ max_messages: inbox.room, ...patience })
    const stop = () => void messages.close()
    ends.addEventListener('abort', stop, { once: true })
    if (ends.aborted) stop()
    try {
      for await (const message of messages) {
        heardOf = Date.now()
        inbox.take(message, { selective })
      }
    } finally {
      ends.removeEventListener('abort', stop)
    }
  }
  async function pullForEver(): Promise<void> {
    const ended = AbortSignal.any([closing.signal, link.givenUp])
    let failures = 0
    for (;;) {
      await link.up(ended)
      await inbox.roomAgain()
      if (ended.aborted) return
      try {
        // Whatever went wrong, it may be that the server forgot us.
        if (failures > 0) {
          consumer = await link.whileConnected(open(context, subscription, new Date(heardOf - overlap)))
        }
        await pull()
        failures = 0
      } catch (error) {
        if (isFinal(error)) {
          link.giveUp(error)
          return
        }
        failures += 1
        log.warn({ reason: describe(error) }, 'no events')
        await sleep(pauseAfter(failures, retry, settings.random), undefined, { signal: ended }).catch(() => {})
      }
    }
  }
  const pulling = pullForEver()
  return {
    async [Symbol.asyncDispose]() {
      closing.abort()
      await pulling
      await inbox[Symbol.asyncDispose]()
      await link.flush()
    },
  }
}

async function open(context: NatsContext, { service, subjects }: Subscription, since?: Date): Promise<Consumer> {
  await ensureStream(context)
  await ensureDurable(context, { service, subjects, ...(since ? { since } : {}) })
  return await context.js.consumers.get(context.settings.stream, service)
}
