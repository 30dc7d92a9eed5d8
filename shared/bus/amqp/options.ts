import type { Logger } from 'pino'

/** How to take part in a RabbitMQ as fedora-messaging does. Times are in milliseconds. */
export interface AmqpOptions {
  /** `amqp://` or `amqps://`, with user, password and virtual host: `amqps://user:secret@host/%2Fpubsub`. */
  readonly url: string
  /** Our account there, when it is neither the user in the URL nor the common name of our certificate. */
  readonly account?: string
  /** Where we publish and bind. Declared unless it is one of the broker's own (`amq.…`). */
  readonly exchange?: string
  /** Further exchanges that the events of others arrive on, such as `zmq.topic`, the bridge from fedmsg. */
  readonly foreignExchanges?: readonly string[]
  /** Comes before the subject of every event that we publish, such as `org.fedoraproject.prod`. */
  readonly topicPrefix?: string
  /** Comes before the names of our queues and of our own two exchanges. */
  readonly queuePrefix?: string
  /** `service`: a durable quorum queue `<queuePrefix><service>`. `uuid`: what Fedora's public broker asks for. */
  readonly queueNames?: 'service' | 'uuid'
  /** What a UUID queue name is made from besides the service, so that a restart finds its queue again. */
  readonly queueSeed?: string
  /** We may not declare or bind anything: whoever runs the broker did, and we only check that the queues are there. */
  readonly passive?: boolean
  /** False where we may only read: publishing throws, and nothing is declared but our queues. */
  readonly publish?: boolean
  /** How many events may be out with one subscription. */
  readonly prefetch?: number
  /** After how many deliveries that never worked an event goes to the dead letters. Fixed once a queue exists. */
  readonly deliveryLimit?: number
  /** Pauses after a delivery that failed: the first, and the longest. */
  readonly retry?: Backoff
  /** Pauses between tries to connect: the first, and the longest. */
  readonly reconnect?: Backoff
  /** Files in PEM. With `cert` and `key` the broker knows us by our certificate (SASL EXTERNAL). */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  /** How long the broker may take to confirm what was published. */
  readonly confirmTimeout?: number
  /** Seconds between signs of life on an idle connection. */
  readonly heartbeat?: number
  readonly log: Logger
  readonly random?: () => number
}

export interface Backoff {
  readonly firstDelay: number
  readonly maxDelay: number
}

/** The options with every default filled in. */
export type Settings = Required<AmqpOptions>

/** Fills in the defaults. Throws, naming the option, when options contradict each other. */
export function settingsOf(options: AmqpOptions): Settings {
  const settings: Settings = {
    account: '',
    exchange: 'amq.topic',
    foreignExchanges: [],
    topicPrefix: '',
    queuePrefix: 'imagedrop.',
    queueNames: 'service',
    queueSeed: '',
    passive: false,
    publish: true,
    prefetch: 250,
    deliveryLimit: 20,
    retry: { firstDelay: 200, maxDelay: 30_000 },
    reconnect: { firstDelay: 200, maxDelay: 15_000 },
    tls: {},
    confirmTimeout: 30_000,
    heartbeat: 10,
    random: Math.random,
    ...options,
  }
  const { protocol } = new URL(settings.url)
  if (protocol !== 'amqp:' && protocol !== 'amqps:') throw new Error(`url: neither amqp: nor amqps:, got ${protocol}`)
  const { ca, cert, key } = settings.tls
  if ((cert === undefined) !== (key === undefined)) throw new Error('tls: cert and key only work together')
  if ((ca ?? cert) !== undefined && protocol === 'amqp:')
    throw new Error('tls: the url must be an amqps: one, got amqp:')
  if (settings.queueNames === 'uuid' && settings.queueSeed === '')
    throw new Error('queueSeed: needed for queue names that are UUIDs, got nothing')
  return settings
}

/** Milliseconds before the n-th new try, half of it at random: those who failed together do not come back together. */
export function pause({ firstDelay, maxDelay }: Backoff, attempt: number, random: () => number): number {
  return Math.min(maxDelay, firstDelay * 2 ** Math.min(attempt - 1, 30)) * (0.5 + random() / 2)
}
