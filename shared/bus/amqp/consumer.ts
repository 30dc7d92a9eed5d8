import type { Channel, ConsumeMessage } from 'amqplib'
import { parseIncoming } from '#events/parse.ts'
import type { Subscription } from '../bus.ts'
import { keepAttached, type Attached, type Attachment, type AttachmentOptions } from './attachment.ts'
import type { Delivery } from './failures.ts'
import { createBatches, type Batches } from './batches.ts'
import { declareQueue } from './topology.ts'
import { fromMessage } from './from-message.ts'

/** What a bus counts of its deliveries. */
export interface Intake {
  delivered: number
  redelivered: number
  refused: number
  bytesIn: number
}

type ConsumerOptions = Omit<AttachmentOptions, 'attach'> & {
  readonly subscription: Subscription
  readonly intake: Intake
}

/**
 * After this time in which no delivery worked, a consumer requeues its events, so that others get them, and goes on
 * with a few. Those stay with it for longer, but shorter than the 30 minutes after which RabbitMQ takes them away
 * and closes the channel: each return counts towards the delivery limit.
 */
const requeueAfter = { all: 5 * 60_000, few: 25 * 60_000 }
const few = 10

export interface Consumer extends Attachment {
  /** `gather` of its subscription: attaches anew when that changes something. */
  readonly gather: (everything: boolean) => void
}

/** Consumes for one subscription, over all connections. */
export function startConsumer(options: ConsumerOptions): Consumer {
  const { settings, subscription, intake } = options
  const log = settings.log.child({ service: subscription.service })
  /** Nothing works: a few events are enough to find out when something does. */
  let probing = false
  /** Of consumers with different ones, RabbitMQ hands everything to the first, up to its prefetch, before the next gets any. */
  const priority = 1 + Math.floor(settings.random() * 1_000_000)
  let gathers = false
  /** Leaves the channel of the moment for a new one. */
  let anew: ((reason: Error) => void) | null = null

  async function attach(channel: Channel, end: (reason: Error) => void): Promise<Attached> {
    anew = end
    const queue = await declareQueue(channel, settings, subscription)
    await channel.prefetch(probing ? Math.min(few, settings.prefetch) : settings.prefetch)
    const batches = createBatches({
      deliver: (envelopes) => subscription.deliver(envelopes),
      acknowledge(deliveries, all) {
        intake.delivered += deliveries.length
        answer(() => {
          acknowledge(channel, deliveries, all)
        })
        if (!probing) return
        probing = false
        end(new Error('events can be kept again'))
      },
      deadLetter({ envelope, tag }, error) {
        log.error({ event: envelope.id, subject: envelope.subject, err: error }, 'event put with the dead letters')
        answer(() => {
          channel.reject(messageOf(tag), false)
        })
      },
      requeue(error) {
        log.error({ err: error }, 'no event could be kept for too long: requeued')
        probing = true
        end(new Error('no event could be kept for too long'))
      },
      requeueAfter: probing ? requeueAfter.few : requeueAfter.all,
      deliveryLimit: settings.deliveryLimit,
      retry: settings.retry,
      random: settings.random,
    })
    const onMessage = (message: ConsumeMessage | null) => {
      if (message) receive(channel, batches, message)
      else end(new Error('the broker cancelled the consumer'))
    }
    const { consumerTag } = await channel.consume(queue, onMessage, { priority: gathers && !probing ? priority : 0 })
    return {
      cancel: () => channel.cancel(consumerTag),
      drain: () => batches.drain(),
      lost: () => {
        batches.stop()
      },
    }
  }

  /** Acknowledges or rejects. On a channel that has just gone nobody listens, and the events come again. */
  function answer(send: () => void): void {
    try {
      send()
    } catch (error) {
      log.debug({ err: error }, 'the broker will deliver again')
    }
  }

  function receive(channel: Channel, batches: Batches, message: ConsumeMessage): void {
    const { redelivered, deliveryTag: tag, routingKey } = message.fields
    intake.bytesIn += message.content.length
    if (redelivered) intake.redelivered += 1
    try {
      const received = { routingKey, content: message.content, properties: message.properties }
      const envelope = parseIncoming(fromMessage(received, settings.topicPrefix, new Date()))
      if (subscription.subjects.includes(envelope.subject)) {
        batches.add({ envelope: subscription.admit?.(envelope) ?? envelope, tag, returns: returnsOf(message) })
        return
      }
      // Bound for an earlier version of this service.
      log.debug({ event: envelope.id, subject: envelope.subject }, 'nobody here asked for this event')
      answer(() => {
        channel.ack(message)
      })
    } catch (error) {
      intake.refused += 1
      log.error({ message: message.properties.messageId as unknown, topic: routingKey, err: error }, 'refused')
      answer(() => {
        channel.reject(message, false)
      })
    }
  }

  return {
    ...keepAttached({ ...options, attach }),
    gather(everything) {
      if (gathers === everything) return
      gathers = everything
      anew?.(new Error(everything ? 'it gets everything from now on' : 'it takes turns from now on'))
    },
  }
}

function acknowledge(channel: Channel, deliveries: readonly Delivery[], all: boolean): void {
  const last = deliveries.at(-1)
  if (all && last) channel.ack(messageOf(last.tag), true)
  else for (const { tag } of deliveries) channel.ack(messageOf(tag))
}

/** amqplib wants the whole message back, of which it uses the tag. */
function messageOf(deliveryTag: number) {
  const fields = { deliveryTag, redelivered: false, exchange: '', routingKey: '', consumerTag: '' }
  return { fields, content: Buffer.alloc(0), properties: noProperties }
}

const noProperties = {
  contentType: undefined,
  contentEncoding: undefined,
  headers: undefined,
  deliveryMode: undefined,
  priority: undefined,
  correlationId: undefined,
  replyTo: undefined,
  expiration: undefined,
  messageId: undefined,
  timestamp: undefined,
  type: undefined,
  userId: undefined,
  appId: undefined,
  clusterId: undefined,
}

/** Quorum queues count; of a classic queue we only learn that it was not the first time. */
function returnsOf({ properties, fields }: ConsumeMessage): number {
  const count = properties.headers?.['x-delivery-count'] as unknown
  return typeof count === 'number' ? count : fields.redelivered ? 1 : 0
}
