import type { ChannelModel, ConfirmChannel } from 'amqplib'
import type { Envelope } from '#events/envelope.ts'
import { checkOutgoing } from '#events/parse.ts'
import { NotPublished } from '../bus.ts'
import type { Link } from './link.ts'
import type { Settings } from './options.ts'
import { refusalIn, type BrokerRefused } from './refusal.ts'
import { declareExchange } from './topology.ts'
import { toMessage } from './wire.ts'

/** Sends events and waits until the broker has them. */
export interface Publisher {
  publish(envelopes: readonly Envelope[]): Promise<void>
  readonly published: number
  readonly bytesOut: number
  /** Waits for what is on its way. */
  drain(): Promise<void>
}

interface Outgoing {
  readonly channel: ConfirmChannel
  /** Message ids that came back: no queue is bound to their topic. */
  readonly returned: Set<string>
  /** Why the channel is gone; null while it is not. */
  failure: Error | null
}

/** How long a publisher waits for a connection before it says that there is none. */
const connectionWait = 3_000

/** Publishes on a confirm channel, mandatory: what no queue took or the broker refused is told by id. */
export function createPublisher(link: Link, settings: Settings, refused: (error: BrokerRefused) => void): Publisher {
  const underway = new Set<Promise<unknown>>()
  let open: { model: ChannelModel; outgoing: Promise<Outgoing> } | null = null
  let published = 0
  let bytesOut = 0

  async function publish(envelopes: readonly Envelope[]): Promise<void> {
    if (!settings.publish) throw new Error(`this bus may only read: publish is off for ${settings.exchange}`)
    envelopes.forEach(checkOutgoing)
    if (envelopes.length === 0) return
    const nacked = new Set<string>()
    const outgoing = await inTime(envelopes.length, async () => {
      const outgoing = await channelNow()
      await sendAll(outgoing, envelopes, nacked)
      return outgoing
    })
    // A channel that closes ends all that was open on it at once, so the reason is known by now.
    if (outgoing.failure) throw outgoing.failure
    const reasons = new Map<string, string>()
    for (const { id, subject } of envelopes) {
      if (nacked.has(id)) reasons.set(id, `${subject}: the broker could not store it`)
      else if (outgoing.returned.delete(id)) reasons.set(id, `${subject}: no queue is bound to it`)
    }
    published += envelopes.length - reasons.size
    if (reasons.size > 0) throw new NotPublished(reasons)
  }

  async function channelNow(): Promise<Outgoing> {
    const model = await link.connection(AbortSignal.timeout(connectionWait)).catch((error: unknown) => {
      throw refusalIn(error) ?? new Error(`no connection to the broker: ${link.detail}`, { cause: error })
    })
    // A broker that is short of memory or disk takes nothing, and what we send would only pile up here.
    if (link.detail !== '') throw new Error(link.detail)
    if (open?.model !== model) open = { model, outgoing: openChannel(model) }
    const outgoing = await open.outgoing.catch((error: unknown) => {
      open = null
      throw error
    })
    if (!outgoing.failure) return outgoing
    open = null
    throw outgoing.failure
  }

  async function openChannel(model: ChannelModel): Promise<Outgoing> {
    const channel = await model.createConfirmChannel()
    const outgoing: Outgoing = { channel, returned: new Set(), failure: null }
    const fail = (error: Error) => {
      outgoing.failure ??= error
      const refusal = refusalIn(error)
      if (refusal) refused(refusal)
    }
    channel.on('error', fail)
    channel.on('close', () => {
      fail(new Error('the channel was closed before the broker confirmed'))
    })
    channel.on('return', ({ properties }) => outgoing.returned.add(String(properties.messageId)))
    await declareExchange(channel, settings)
    return outgoing
  }

  /** A broker that is silent for so long may be gone without a word: the connection is given up with the events. */
  async function inTime<Result>(count: number, work: () => Promise<Result>): Promise<Result> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      const time = String(settings.confirmTimeout)
      const silent = new Error(`the broker did not confirm ${String(count)} events in ${time} ms`)
      late.reject(silent)
      link.reset(silent)
    }, settings.confirmTimeout)
    return await Promise.race([work(), late.promise]).finally(() => {
      clearTimeout(timer)
    })
  }

  async function sendAll({ channel }: Outgoing, envelopes: readonly Envelope[], nacked: Set<string>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    let open = envelopes.length
    for (const envelope of envelopes) {
      const { routingKey, content, properties } = toMessage(envelope, settings)
      bytesOut += content.length
      const options = { ...properties, mandatory: true }
      channel.publish(settings.exchange, routingKey, content, options, (error: unknown) => {
        if (error !== null) nacked.add(envelope.id)
        open -= 1
        if (open === 0) resolve()
      })
    }
    await promise
  }

  return {
    async publish(envelopes) {
      const publishing = publish(envelopes)
      underway.add(publishing)
      await publishing.finally(() => underway.delete(publishing))
    },
    get published() {
      return published
    },
    get bytesOut() {
      return bytesOut
    },
    async drain() {
      await Promise.allSettled(underway)
    },
  }
}
