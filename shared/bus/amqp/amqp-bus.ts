import type { Bus, Interest, JobProgress } from '../bus.ts'
import { accountOf } from './address.ts'
import type { Attachment } from './attachment.ts'
import { startConsumer, type Intake } from './consumer.ts'
import { keepLink } from './link.ts'
import { settingsOf, type AmqpOptions } from './options.ts'
import { createSignals, startWatching } from './progress.ts'
import { createPublisher } from './publisher.ts'
import { refusalIn, type BrokerRefused } from './refusal.ts'
import { declareQueue } from './topology.ts'

/**
 * The bus over RabbitMQ, in fedora-messaging's wire format. Resolves after the first try to connect: a broker that is
 * away is waited for by every call. Throws when the broker refuses us.
 */
export async function openAmqpBus(options: AmqpOptions): Promise<Bus> {
  const given = settingsOf(options)
  const settings = { ...given, account: await accountOf(given) }
  const givenUp = new AbortController()
  const refused = (error: BrokerRefused) => {
    if (givenUp.signal.aborted) return
    settings.log.fatal({ err: error }, 'the broker refuses us')
    givenUp.abort(error)
  }
  // Two connections: a broker that is short of memory stops reading from those that publish, and must still hear
  // our acknowledgements to get rid of what fills it.
  const inward = keepLink('consume', settings, refused)
  const outward = settings.publish ? keepLink('publish', settings, refused) : null
  const publisher = createPublisher(outward ?? inward, settings, refused)
  const signals = createSignals(outward ?? inward, settings)
  const intake: Intake = { delivered: 0, redelivered: 0, refused: 0, bytesIn: 0 }
  const consumers = new Set<Attachment>()
  const watchers = new Set<(progress: JobProgress) => void>()
  let watching: Attachment | null = null

  async function prepare(interests: readonly Interest[]): Promise<void> {
    const channel = await (await inward.connection()).createChannel()
    // The rejection of the call that met the error tells it.
    channel.on('error', () => {})
    try {
      for (const interest of interests) await declareQueue(channel, settings, interest)
    } catch (error) {
      const refusal = refusalIn(error)
      if (refusal) refused(refusal)
      throw refusal ?? error
    }
    await channel.close()
  }

  async function close(): Promise<void> {
    await Promise.all([...consumers].map((consumer) => consumer.stop()))
    signals.stop()
    await Promise.all([watching?.stop(), publisher.drain()])
    await Promise.all([inward[Symbol.asyncDispose](), outward?.[Symbol.asyncDispose]()])
  }

  const bus: Bus = {
    prepare,
    publish: (envelopes) => publisher.publish(envelopes),
    async subscribe(subscription) {
      const consumer = startConsumer({ link: inward, settings, refused, subscription, intake })
      consumers.add(consumer)
      await consumer.ready
      return {
        gather: consumer.gather,
        async [Symbol.asyncDispose]() {
          consumers.delete(consumer)
          await consumer.stop()
        },
      }
    },
    signal: (progress) => {
      signals.send(progress)
    },
    watch(listener) {
      watchers.add(listener)
      watching ??= startWatching({ link: inward, settings }, (progress) => {
        for (const watcher of watchers) watcher(progress)
      })
      return { [Symbol.dispose]: () => void watchers.delete(listener) }
    },
    state() {
      const detail = inward.detail || (outward?.detail ?? '')
      const { published, bytesOut } = publisher
      return { connected: detail === '', detail, published, bytesOut, ...intake }
    },
    account: settings.account,
    givenUp: givenUp.signal,
    [Symbol.asyncDispose]: close,
  }
  await Promise.all([inward.tried, outward?.tried])
  if (!givenUp.signal.aborted) return bus
  await close()
  throw givenUp.signal.reason
}
