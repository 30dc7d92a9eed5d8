import type { Channel, ChannelModel } from 'amqplib'
import { z } from 'zod'
import type { JobProgress } from '../bus.ts'
import { keepAttached, type Attachment, type AttachmentOptions } from './attachment.ts'
import type { Link } from './link.ts'
import type { Settings } from './options.ts'
import { progressExchangeOf } from './topology.ts'

/** Between two signals of one job, in milliseconds; of those in between the last is sent. */
const signalInterval = 250

/** Sends progress while that costs nobody anything; else drops it. */
export interface Signals {
  send(progress: JobProgress): void
  stop(): void
}

/** Shows progress to everyone who watches, at most four times a second for each job. */
export function createSignals(link: Link, settings: Settings): Signals {
  const jobs = new Map<string, { timer: NodeJS.Timeout; next: JobProgress | null }>()
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

  function send(progress: JobProgress): void {
    const job = JSON.stringify([progress.service, progress.drop, progress.image])
    const known = jobs.get(job)
    if (known) {
      known.next = progress
      return
    }
    emit(progress)
    const timer = setTimeout(() => {
      const next = jobs.get(job)?.next
      jobs.delete(job)
      if (next) send(next)
    }, signalInterval)
    jobs.set(job, { timer: timer.unref(), next: null })
  }

  return {
    send,
    stop() {
      for (const { timer, next } of jobs.values()) {
        clearTimeout(timer)
        if (next) emit(next)
      }
      jobs.clear()
    },
  }
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
      await channel.bindQueue(queue, exchange, '')
      const take = (content: Buffer) => {
        const progress = progressIn(content)
        if (progress) listener(progress)
      }
      const { consumerTag } = await channel.consume(
        queue,
        (message) => {
          if (message) take(message.content)
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
  else await channel.assertExchange(progressExchangeOf(settings), 'fanout', { durable: true })
}

const shape = z.object({
  service: z.string(),
  drop: z.string().nullable(),
  image: z.string().nullable(),
  state: z.enum(['started', 'running', 'done', 'failed', 'waiting']),
  phase: z.string(),
  done: z.number().optional(),
  total: z.number().optional(),
  unit: z.enum(['bytes', 'percent', 'checks', 'steps']).optional(),
})

/** What is no progress is not worth a word: somebody else's message on our exchange. */
function progressIn(content: Buffer): JobProgress | null {
  try {
    const parsed = shape.safeParse(JSON.parse(content.toString()))
    return parsed.success ? (parsed.data as JobProgress) : null
  } catch {
    return null
  }
}
