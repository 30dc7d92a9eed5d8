import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { types, type ClientConfig } from 'pg'

/** How to reach a PostgreSQL database. */
export interface PostgresAddress {
  /** `postgresql://USER[:PASSWORD]@HOST[:PORT]/DATABASE`; further parameters as libpq knows them. */
  readonly url: string
  /** PEM texts. With them the server's certificate is verified, and ours, when given, is shown. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  /** Milliseconds that the server has for an answer. A statement takes a few; after this, network or disk are dead. */
  readonly answerTime?: number
}

/** Settings of the server for one connection. */
export type Settings = Readonly<Record<string, string | number>>

const defaultAnswerTime = 15_000

/** The configuration of one connection, for a client or a pool; `sockets` gets those that it opens. */
export function clientConfig(
  { url, tls, answerTime = defaultAnswerTime }: PostgresAddress,
  sockets: Set<Socket>,
  settings = ledgerSettings(answerTime),
): ClientConfig {
  return {
    connectionString: url,
    options: startOptions(settings),
    stream() {
      const socket = new Socket()
      sockets.add(socket)
      return socket.on('close', () => sockets.delete(socket))
    },
    application_name: 'imagedrop',
    connectionTimeoutMillis: answerTime,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // A little longer than the server's own limit, which leaves the connection usable.
    query_timeout: Number(settings['statement_timeout'] ?? 0) * 1.25,
    types: { getTypeParser },
    // The name to verify: pg itself leaves it out for an address, and Node then takes it for localhost.
    ...(tls ? { ssl: { ...tls, rejectUnauthorized: true, host: new URL(url).hostname } } : {}),
  }
}

/** What holds for a ledger's connections. */
function ledgerSettings(answerTime: number): Settings {
  return {
    statement_timeout: answerTime,
    // A process that stalls within a transaction loses it, and with it the locks that others wait for.
    idle_in_transaction_session_timeout: answerTime,
    // The server, too, gives up a connection whose other end does not answer, and what it was doing for it.
    tcp_user_timeout: answerTime,
    client_connection_check_interval: 1_000,
    // Tables start empty and grow fast: a plan made while they were empty must not read them whole for ever.
    enable_seqscan: 'off',
    jit: 'off',
    // The best plan of each statement is the same whatever its values, and planning takes longer than running it.
    plan_cache_mode: 'force_generic_plan',
  }
}

/** As the server takes them when a connection starts, at no cost of a question. */
function startOptions(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${String(value).replace(/[\\ ]/g, '\\$&')}`)
    .join(' ')
}

/** Waits a moment for connections to end properly: one whose other end is gone is never told that it ended. */
export async function endWithin(milliseconds: number, ended: Promise<void>, sockets: Iterable<Socket>): Promise<void> {
  await Promise.race([ended.catch(() => {}), sleep(milliseconds, undefined, { ref: false })])
  for (const socket of sockets) socket.destroy()
}

const bigint = 20

/** Our bigints are ids and milliseconds, far below 2^53: they come as numbers, as from SQLite. */
function getTypeParser(type: number, format?: 'text' | 'binary') {
  if (type === bigint) return Number
  return types.getTypeParser(type, format ?? 'text')
}
