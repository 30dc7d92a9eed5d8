import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib'
import type { JobProgress } from '../bus.ts'
import { createPacer, readProgress, type Pacer } from '../progress.ts'
import { keepAttached, type Attachment, type AttachmentOptions } from './attachment.ts'
import type { Link } from './link.ts'
import type { Settings } from './options.ts'
import { progressExchangeOf } from './topology.ts'

/** Shows progress to everyone who watches, at most four times a second for each job, while that costs nobody anything. */
export function createSignals(link: Link, settings: Settings): Pacer {
  let open: { model: ChannelModel; channel: Channel | null } | null = null

  function emit(progress: JobProgress): void {
    const channel = channelNow()
    // Nobody may watch, or the broker may be busy: progress waits for nothing.
    if (channel === null || link.detail !== '') return
    const content = Buffer.from(JSON.stringify(progress))
    try {
      channel.publish(progressExchangeOf(settings), progress.service, content, { contentType: 'application/json' })
    } catch (error) {
      settings.log.debug({ err: error }, 'progress was not sent')
    }
  }

  function channelNow(): Channel | null {
    const model = link.current
    if (model === null || open?.model === model) return open?.channel ?? null
    const opening: { model: ChannelModel; channel: Channel | null } = { model, channel: null }
    open = opening
    openChannel(model, settings).then(
      (channel) => {
        channel.on('close', () => {
          opening.channel = null
        })
        opening.channel = channel
      },
      (error: unknown) => {
        settings.log.debug({ err: error }, 'there is no place for progress')
      },
    )
    return null
  }

  return createPacer(emit)
}

/** Hears everybody's progress. */
export function startWatching(
  options: Omit<AttachmentOptions, 'attach' | 'refused'>,
  listener: (progress: JobProgress) => void,
): Attachment {
  const exchange = progressExchangeOf(options.settings)
  return keepAttached({
    ...options,
    // Whoever may not see progress goes without; nothing else depends on it.
    refused: (error) => {
      options.settings.log.info({ err: error }, 'progress cannot be watched')
    },
    async attach(channel, end) {
      await declare(channel, options.settings)
      const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true, durable: false })
      await channel.bindQueue(queue, exchange, '#')
      const take = ({ content, fields }: ConsumeMessage) => {
        const progress = readProgress(content, fields.routingKey)
        if (progress) listener(progress)
      }
      const { consumerTag } = await channel.consume(
        queue,
        (message) => {
          if (message) take(message)
          else end(new Error('the broker cancelled the watcher'))
        },
        { noAck: true },
      )
      return { cancel: () => channel.cancel(consumerTag), drain: () => Promise.resolve(), lost: () => {} }
    },
  })
}

async function openChannel(model: ChannelModel, settings: Settings): Promise<Channel> {
  const channel = await model.createChannel()
  channel.on('error', (error) => {
    settings.log.debug({ err: error }, 'progress cannot be sent')
  })
  await declare(channel, settings)
  return channel
}

async function declare(channel: Channel, settings: Settings): Promise<void> {
  if (settings.passive) await channel.checkExchange(progressExchangeOf(settings))
  else await channel.assertExchange(progressExchangeOf(settings), 'topic', { durable: true })
}
