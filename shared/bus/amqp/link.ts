import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type ChannelModel } from 'amqplib'
import { addressOf, socketOptions, withoutPassword } from './address.ts'
import { writeByTurns } from './by-turns.ts'
import { pause, type Settings } from './options.ts'
import { BrokerRefused, isVirtualHostRefusal, refusalIn } from './refusal.ts'

/** A connection that is made again for as long as it takes. */
export interface Link extends AsyncDisposable {
  /** The connection, as soon as there is one. Rejects when the signal aborts, or there will be none. */
  connection(signal?: AbortSignal): Promise<ChannelModel>
  /** The connection, if there is one now. */
  readonly current: ChannelModel | null
  /** Why there is no working connection; empty when there is. */
  readonly detail: string
  /** Resolves when the first try has ended, either way. */
  readonly tried: Promise<void>
  /** Takes the connection for dead. */
  reset(reason: Error): void
}

const closeTime = 2_000
/** How often in a row the broker has to refuse the virtual host until we believe it. */
const enoughAnswers = 4
/** A connection that lasted this long was a good one: the next loss starts with a short pause again. */
const steadyTime = 10_000

/**
 * Keeps one connection. amqplib can reconnect by itself, but it neither tells a refusal from an outage nor lets go of
 * a socket whose other end is silent; both are done here.
 */
export function keepLink(purpose: string, settings: Settings, refused: (error: BrokerRefused) => void): Link {
  const log = settings.log.child({ broker: withoutPassword(settings.url), purpose })
  const closing = new AbortController()
  const tried = Promise.withResolvers<void>()
  let current: ChannelModel | null = null
  let detail = 'not connected yet'
  let waiting = Promise.withResolvers<ChannelModel>()
  let drop: (reason: Error) => void = () => {}
  waiting.promise.catch(() => {})

  async function keep(): Promise<void> {
    let answers = 0
    for (let failures = 1; !closing.signal.aborted; failures += 1) {
      const began = performance.now()
      const lost = await oneConnection().catch(asError)
      if (closing.signal.aborted) return
      detail = lost.message
      answers = isVirtualHostRefusal(lost) ? answers + 1 : 0
      const refusal = answers === enoughAnswers ? noVirtualHost(settings.url, lost) : refusalIn(lost)
      if (answers === 0 || refusal) tried.resolve()
      if (refusal) {
        waiting.reject(refusal)
        refused(refusal)
        return
      }
      if (performance.now() - began > steadyTime) failures = 1
      const wait = pause(settings.reconnect, failures, settings.random)
      log.warn({ reason: detail, wait: Math.round(wait) }, 'no connection to the broker')
      await sleep(wait, undefined, { signal: closing.signal }).catch(() => {})
    }
  }

  /** Resolves with why it ended. */
  async function oneConnection(): Promise<Error> {
    const socket = new AbortController()
    try {
      const model = await connect(addressOf(settings), await socketOptions(settings, socket.signal))
      // Not among amqplib's types; without it, each message is sent by itself.
      const { stream } = model.connection as { readonly stream?: Writable }
      if (stream) writeByTurns(stream)
      const lost = new Promise<Error>((resolve) => {
        drop = resolve
        model.on('error', resolve)
        model.on('close', (error) => {
          resolve(error ?? new Error('the connection was closed'))
        })
      })
      model.on('blocked', (reason) => {
        detail = `the broker takes nothing: ${reason}`
      })
      model.on('unblocked', () => {
        detail = ''
      })
      current = model
      detail = ''
      tried.resolve()
      waiting.resolve(model)
      log.info('connected to the broker')
      return await lost
    } finally {
      if (current) waiting = Promise.withResolvers()
      waiting.promise.catch(() => {})
      current = null
      socket.abort(new Error('the connection is given up'))
    }
  }

  const kept = keep()
  return {
    async connection(signal) {
      signal?.throwIfAborted()
      if (!signal) return await waiting.promise
      const aborted = Promise.withResolvers<never>()
      const onAbort = () => {
        aborted.reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        return await Promise.race([waiting.promise, aborted.promise])
      } finally {
        signal.removeEventListener('abort', onAbort)
      }
    },
    get current() {
      return current
    },
    get detail() {
      return detail
    },
    tried: tried.promise,
    reset(reason) {
      drop(reason)
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      const open = current
      if (open) await Promise.race([open.close().catch(() => {}), sleep(closeTime, undefined, { ref: false })])
      drop(new Error('closed by us'))
      waiting.reject(new Error('the bus is closed'))
      detail = 'closed by us'
      await kept
    },
  }
}

function noVirtualHost(url: string, cause: Error): BrokerRefused {
  const name = decodeURIComponent(new URL(url).pathname.slice(1)) || '/'
  return new BrokerRefused(`RabbitMQ refuses us: there is no virtual host ${name}, or we have no right to it`, {
    cause,
  })
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
