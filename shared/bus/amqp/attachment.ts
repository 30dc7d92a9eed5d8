import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel } from 'amqplib'
import type { Link } from './link.ts'
import { pause, type Settings } from './options.ts'
import { refusalIn, type BrokerRefused } from './refusal.ts'

export interface AttachmentOptions {
  readonly link: Link
  readonly settings: Settings
  readonly refused: (error: BrokerRefused) => void
  /** Sets up a fresh channel, and returns how to leave it in peace. `end` says that the channel has done its part. */
  readonly attach: (channel: Channel, end: (reason: Error) => void) => Promise<Attached>
}

export interface Attached {
  /** Lets nothing more come in. */
  cancel(): Promise<unknown>
  /** Finishes what came in, and says so on the channel. */
  drain(): Promise<void>
  /** The channel is gone. */
  lost(): void
}

/** Something that holds on to a channel of its own, and to a new one whenever it loses that. */
export interface Attachment {
  /** Resolves when it holds on for the first time. */
  readonly ready: Promise<void>
  stop(): Promise<void>
}

/** How long the broker may take to answer when we leave: the connection may be dead. */
const leaveTime = 3_000
/** An attachment that lasted this long was a good one: the next loss starts with a short pause again. */
const steadyTime = 10_000

/** Attaches, and attaches again after every loss, until it is stopped or refused. */
export function keepAttached({ link, settings, refused, attach }: AttachmentOptions): Attachment {
  const stopping = new AbortController()
  const stopped = Promise.withResolvers<null>()
  const ready = Promise.withResolvers<void>()
  ready.promise.catch(() => {})

  async function keep(): Promise<void> {
    for (let failures = 1; !stopping.signal.aborted; failures += 1) {
      const began = performance.now()
      const lost = await once().catch(asError)
      if (lost === null || stopping.signal.aborted) break
      const refusal = refusalIn(lost)
      if (refusal) {
        ready.reject(refusal)
        refused(refusal)
        return
      }
      if (lost instanceof Ended || performance.now() - began > steadyTime) failures = 1
      settings.log.info({ reason: lost.message }, 'attaching anew')
      const wait = pause(settings.reconnect, failures, settings.random)
      await sleep(wait, undefined, { signal: stopping.signal }).catch(() => {})
    }
    ready.reject(new Error('the bus is closed'))
  }

  /** Resolves with why the channel ended, or with null when we left it. */
  async function once(): Promise<Error | null> {
    const model = await link.connection(stopping.signal)
    const channel = await model.createChannel()
    const over = Promise.withResolvers<Error>()
    const channelGone = Promise.withResolvers<false>()
    channel.on('error', over.resolve)
    channel.on('close', () => {
      over.resolve(new Error('the channel was closed'))
      channelGone.resolve(false)
    })
    const attached = await attach(channel, (reason) => {
      over.resolve(new Ended(reason.message))
    }).catch(async (error: unknown) => {
      // Of an error and what it led to, the first says more.
      throw await Promise.race([over.promise, Promise.resolve(error)])
    })
    ready.resolve()
    const lost = await Promise.race([over.promise, stopped.promise])
    if (lost === null || lost instanceof Ended) {
      const answered = (call: Promise<unknown>) =>
        Promise.race([call.then(() => true), channelGone.promise, late()]).catch(() => false)
      const isAlive = await answered(attached.cancel())
      await attached.drain()
      if (isAlive) await answered(channel.close())
    }
    attached.lost()
    return lost
  }

  const kept = keep()
  return {
    ready: ready.promise,
    async stop() {
      stopping.abort(new Error('the bus is closed'))
      stopped.resolve(null)
      await kept
    },
  }
}

/** The attachment wanted to leave its channel; nothing went wrong with that. */
class Ended extends Error {
  override name = 'Ended'
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

async function late(): Promise<false> {
  return await sleep(leaveTime, false, { ref: false })
}
