import type { Channel } from 'amqplib'
import { uuidFrom } from '#events/envelope.ts'
import { foreignEvents } from '#events/index.ts'
import type { Interest } from '../bus.ts'
import type { Settings } from './options.ts'
import { routingKeyOf } from './wire.ts'

const foreignSubjects = new Set<string>(foreignEvents.map(({ subject }) => subject))

/** A queue that is there for good. */
export interface QueueDeclaration {
  readonly queue: string
  readonly arguments: Readonly<Record<string, string | number>>
}

/**
 * The two exchanges of our own; of the one for events, others may be the owner. Progress is sent on the name of the
 * service, so that the broker can hold each account to its own.
 */
export const deadLetterExchangeOf = ({ queuePrefix }: Pick<Settings, 'queuePrefix'>) => `${queuePrefix}dead`
export const progressExchangeOf = ({ queuePrefix }: Pick<Settings, 'queuePrefix'>) => `${queuePrefix}job-progress`

/** The queue of a service. */
function queueOf({ queueNames, queuePrefix, queueSeed }: Settings, service: string): string {
  return queueNames === 'uuid' ? uuidFrom(`${queueSeed}:${service}`) : `${queuePrefix}${service}`
}

/** Where the events of a service wait: replicated, on disk, and with an end to deliveries that never work. */
export function inboxOf(settings: Settings, service: string): QueueDeclaration {
  const queue = queueOf(settings, service)
  return {
    queue,
    arguments: {
      'x-queue-type': 'quorum',
      'x-delivery-limit': settings.deliveryLimit,
      // An exchange of their own: a right to write to the default exchange is one to write into every queue.
      'x-dead-letter-exchange': deadLetterExchangeOf(settings),
      'x-dead-letter-routing-key': queue,
    },
  }
}

/** Where the dead letters of a service lie. */
export function deadLettersOf(settings: Settings, service: string): QueueDeclaration {
  return { queue: `${queueOf(settings, service)}.dead`, arguments: { 'x-queue-type': 'quorum' } }
}

/** Exchange and pattern for each way that a subject arrives on. */
export function bindingsOf(settings: Settings, subject: string): { exchange: string; pattern: string }[] {
  const { exchange, foreignExchanges, topicPrefix } = settings
  if (!foreignSubjects.has(subject)) return [{ exchange, pattern: routingKeyOf(subject, topicPrefix) }]
  // `#` stands for any words, none included: below every prefix, and without one.
  return [exchange, ...foreignExchanges].map((exchange) => ({ exchange, pattern: `#.${subject}` }))
}

/** Makes the exchange that we publish on, if it is ours to make. */
export async function declareExchange(channel: Channel, settings: Settings): Promise<void> {
  const { exchange, passive, publish } = settings
  if (passive || !publish || exchange.startsWith('amq.')) return
  await channel.assertExchange(exchange, 'topic', { durable: true })
}

/** Makes a service's queue, binds it, and makes the place for its dead letters; or checks that somebody did. */
export async function declareQueue(channel: Channel, settings: Settings, interest: Interest): Promise<string> {
  const queue = queueOf(settings, interest.service)
  if (settings.passive) {
    await channel.checkQueue(queue)
    return queue
  }
  await declareExchange(channel, settings)
  if (settings.queueNames === 'uuid') await channel.assertQueue(queue, { durable: true })
  else await declareInbox(channel, settings, interest.service)
  for (const subject of interest.subjects) {
    for (const { exchange, pattern } of bindingsOf(settings, subject)) await channel.bindQueue(queue, exchange, pattern)
  }
  return queue
}

async function declareInbox(channel: Channel, settings: Settings, service: string): Promise<void> {
  const inbox = inboxOf(settings, service)
  const dead = deadLettersOf(settings, service)
  const exchange = deadLetterExchangeOf(settings)
  await channel.assertExchange(exchange, 'direct', { durable: true })
  await channel.assertQueue(dead.queue, { durable: true, arguments: dead.arguments })
  await channel.bindQueue(dead.queue, exchange, inbox.queue)
  await channel.assertQueue(inbox.queue, { durable: true, arguments: inbox.arguments })
}
