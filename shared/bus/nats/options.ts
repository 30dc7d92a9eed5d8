import type { Logger } from 'pino'

/** Where the NATS servers are, who we are to them, and how events are kept there. */
export interface NatsOptions {
  /** URLs of the servers of one cluster. User and password, or a token, may stand in the first. */
  readonly servers: readonly string[]
  /** Our own stream; nothing else should write to it. */
  readonly stream?: string
  /** Before each of our subjects: `org.example.imagedrop`; a dot is put between. */
  readonly subjectPrefix?: string
  /** Paths of PEM files. With any of them the connection must be encrypted; `cert` and `key` are for servers that ask. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  /** Path of a file with an nkey seed of a user (`SU…`). */
  readonly nkeySeedFile?: string
  /** Path of a credentials file: a user's JWT and seed. */
  readonly credsFile?: string
  /** A delivery that we say nothing about for so long goes to somebody else; we speak up three times as often. */
  readonly ackWaitMs?: number
  /** After how many deliveries that never worked an event goes to the dead letters. */
  readonly deliveryLimit?: number
  /** The pause before an event is delivered again: the first, doubled each time up to the longest. */
  readonly retryMs?: { readonly first: number; readonly longest: number }
  /** How many events are out with this process at most. */
  readonly prefetch?: number
  /** Copies of the stream in a cluster; only read when the stream is made. */
  readonly replicas?: number
  /** How long to wait for the server's word that it has stored an event, in milliseconds. */
  readonly confirmTimeout?: number
  /** How long to try to connect at first. Later on we try for ever. */
  readonly connectTimeoutMs?: number
  /** Shown by the server's monitoring. */
  readonly name?: string
  readonly log: Logger
  /** For the jitter of pauses. */
  readonly random?: () => number
}

export type NatsSettings = Required<Omit<NatsOptions, OptionalKey>> & Pick<NatsOptions, OptionalKey>
type OptionalKey = 'tls' | 'nkeySeedFile' | 'credsFile'

/** Fills in what was not told. */
export function settle(options: NatsOptions): NatsSettings {
  if (options.servers.length === 0) throw new Error('servers: expected at least one URL, got none')
  return {
    stream: 'IMAGEDROP',
    subjectPrefix: '',
    ackWaitMs: 30_000,
    deliveryLimit: 20,
    retryMs: { first: 1000, longest: 300_000 },
    prefetch: 250,
    replicas: 1,
    confirmTimeout: 30_000,
    connectTimeoutMs: 30_000,
    name: 'imagedrop',
    random: Math.random,
    ...options,
  }
}

/** Milliseconds to wait after the n-th failure: doubled each time, and 0.5 to 1 times that at random. */
export function pauseAfter(
  failures: number,
  { first, longest }: { readonly first: number; readonly longest: number },
  random: () => number,
): number {
  return Math.round(Math.min(longest, first * 2 ** (failures - 1)) * (0.5 + random() / 2))
}
