import { setTimeout as sleep } from 'node:timers/promises'
import type { NatsConnection, Status } from '@nats-io/transport-node'
import { dial } from './dial.ts'
import type { NatsSettings } from './options.ts'
import { isForbiddenWork, isRefusedConnection } from './refusal.ts'

/** One connection that comes back by itself, until the server refuses us for a reason. */
export interface NatsLink extends AsyncDisposable {
  readonly connection: NatsConnection
  /** Why there is no connection; empty while there is one. */
  detail(): string
  /** Aborts when the connection of this moment is lost. */
  lost(): AbortSignal
  /** Waits for an answer, but not on a connection that is lost meanwhile: the client would let it time out. */
  whileConnected<Answer>(answer: Promise<Answer>): Promise<Answer>
  /** Resolves when there is a connection, or when the signal aborts. */
  up(signal: AbortSignal): Promise<void>
  /** Resolves when the server has all that was said, or will not have it any more. */
  flush(): Promise<void>
  /** Ends all trying: only a person can help. */
  giveUp(reason: Error): void
  readonly givenUp: AbortSignal
}

/** How long a closing connection may take to send what it has. */
const flushTime = 5_000

/** Connects. Throws when no server answers in time, and at once when one refuses us. */
export async function openLink(settings: NatsSettings): Promise<NatsLink> {
  const { log } = settings
  let dials = 0
  const connection = await dial(settings, () => dials)
  const givenUp = new AbortController()
  let lost = new AbortController()
  let back = Promise.withResolvers<undefined>()
  back.resolve(undefined)
  let detail = ''
  let closing = false

  function giveUp(reason: Error): void {
    if (closing || givenUp.signal.aborted) return
    log.error({ err: reason }, 'failed')
    detail = reason.message
    givenUp.abort(reason)
    lost.abort(reason)
    // Whoever asks from now on hears this reason, not that of the connection before.
    lost = new AbortController()
    lost.abort(reason)
    void connection.close()
  }
  function onStatus(status: Status): void {
    if (status.type === 'disconnect') {
      detail = `the connection to ${status.server} is lost`
      if (!closing) log.warn({ server: status.server }, detail)
      lost.abort(new Error(detail))
      back = Promise.withResolvers<undefined>()
    } else if (status.type === 'reconnecting') {
      dials += 1
    } else if (status.type === 'reconnect') {
      log.info({ server: status.server }, 'connected again')
      ;[dials, detail, lost] = [0, '', new AbortController()]
      back.resolve(undefined)
    } else if (status.type === 'error' && (isRefusedConnection(status.error) || isForbiddenWork(status.error))) {
      giveUp(new Error(`the NATS server refuses us: ${status.error.message}`, { cause: status.error }))
    }
  }
  async function flush(): Promise<void> {
    if (detail !== '') return
    await Promise.race([connection.flush().catch(() => {}), sleep(flushTime, undefined, { ref: false })])
  }
  void (async () => {
    for await (const status of connection.status()) onStatus(status)
  })()
  void connection.closed().then((error) => {
    giveUp(new Error(`the NATS client closed the connection: ${error?.message ?? 'no reason given'}`, { cause: error }))
  })

  return {
    connection,
    detail: () => detail,
    lost: () => lost.signal,
    async whileConnected(answer) {
      const { signal } = lost
      const cut = Promise.withResolvers<never>()
      const onLost = () => {
        cut.reject(signal.reason)
      }
      signal.addEventListener('abort', onLost, { once: true })
      if (signal.aborted) onLost()
      answer.catch(() => {})
      try {
        return await Promise.race([answer, cut.promise])
      } finally {
        signal.removeEventListener('abort', onLost)
      }
    },
    async up(signal) {
      if (signal.aborted) return
      const aborted = Promise.withResolvers<undefined>()
      const stop = () => {
        aborted.resolve(undefined)
      }
      signal.addEventListener('abort', stop, { once: true })
      await Promise.race([back.promise, aborted.promise])
      signal.removeEventListener('abort', stop)
    },
    flush,
    giveUp,
    givenUp: givenUp.signal,
    async [Symbol.asyncDispose]() {
      closing = true
      await flush()
      await connection.close()
    },
  }
}
