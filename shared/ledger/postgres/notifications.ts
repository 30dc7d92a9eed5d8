import { hash } from 'node:crypto'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import type { Logger } from 'pino'
import { clientConfig, endWithin, type PostgresAddress } from './connection.ts'
import { channelOf } from './free-processes.ts'

const firstDelay = 100
const maxDelay = 5_000
const closeTime = 1_000
const channel = 'imagedrop'

/** Tells every process. */
export const tellEveryone = `select pg_notify('${channel}', place) from unnest($1::text[]) as place`

/** One connection for NOTIFY and LISTEN, which comes back by itself. */
export interface Notifications {
  readonly isConnected: boolean
  /** Sends a statement with one list. Resolves with the number of its rows, or null when the connection ended instead. */
  ask(statement: string, list: readonly string[]): Promise<number | null>
  /** Asks whether the connection still answers, and ends it when it does not. */
  check(): void
  /** Resolves when it is connected for the first time. */
  readonly connected: Promise<void>
  close(): Promise<void>
}

interface NotificationsOptions {
  readonly address: PostgresAddress
  readonly log: Logger
  readonly onConnected: () => void
  /** What another connection sent. */
  readonly onPayload: (payload: string) => void
}

/** Connects, and connects again, until it is closed. */
export function openNotifications({ address, log, onConnected, onPayload }: NotificationsOptions): Notifications {
  const ending = new AbortController()
  const { promise: connected, resolve: isConnected } = Promise.withResolvers<void>()
  let client: Client | null = null
  let failures = 0
  let turn = Promise.resolve<number | null>(null)
  const sockets = new Set<Socket>()
  const end = (one: Client) => endWithin(closeTime, one.end(), sockets)

  async function connect(): Promise<void> {
    const opened = new Client(clientConfig(address, sockets))
    const ended = new Promise<void>((resolve) => opened.once('end', resolve))
    // Every error ends the connection, and `end` is what we wait for.
    opened.on('error', () => {})
    await greet(opened).catch(async (error: unknown) => {
      await end(opened)
      throw error
    })
    client = opened
    failures = 0
    isConnected()
    if (!ending.signal.aborted) onConnected()
    if (ending.signal.aborted) await end(opened)
    await ended
    client = null
  }

  async function greet(opened: Client): Promise<void> {
    await opened.connect()
    const { rows } = await opened.query<{ pid: number }>('select pg_backend_pid() as pid')
    opened.on('notification', ({ processId, payload }) => {
      if (processId !== rows[0]?.pid) onPayload(payload ?? '')
    })
    for (const one of [channel, channelOf(rows[0]?.pid ?? 0)]) await opened.query(`listen ${one}`)
  }

  async function keepConnected(): Promise<void> {
    while (!ending.signal.aborted) {
      await connect().catch((error: unknown) => {
        if (failures === 0) log.warn({ err: error }, 'the ledger does not notify us; it is asked every few seconds')
      })
      failures += 1
      const delay = Math.random() * Math.min(maxDelay, firstDelay * 2 ** failures)
      await sleep(delay, undefined, { signal: ending.signal, ref: false }).catch(() => {})
    }
  }

  /** One at a time, prepared: they are few, and planning takes longer than running them. Whatever fails ends the connection. */
  function query(text: string, values: unknown[] = []): Promise<number | null> {
    turn = turn.then(async () => {
      const at = client
      if (at === null) return null
      return await at.query({ name: nameOf(text), text, values }).then(
        ({ rowCount }) => rowCount,
        async () => {
          await end(at)
          return null
        },
      )
    })
    return turn
  }

  void keepConnected()
  return {
    connected,
    get isConnected() {
      return client !== null
    },
    ask: (statement, list) => query(statement, [list]),
    check: () => void query('select 1'),
    async close() {
      ending.abort()
      // Also a connection that is only being made.
      await endWithin(closeTime, client?.end() ?? Promise.resolve(), sockets)
    },
  }
}

/** The server knows a prepared statement by its name, which has 63 bytes at most. */
function nameOf(text: string): string {
  return hash('md5', text)
}
