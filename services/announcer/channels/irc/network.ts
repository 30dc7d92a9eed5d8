import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { backoff } from '#service/backoff.ts'
import { messageOf } from '#service/errors.ts'
import { answerOf } from './answer.ts'
import { connectTo, type IrcConnection, type IrcServer, type Saying } from './connection.ts'

/** A network that we come to when there is something to say, or stay on. */
export interface Network {
  /** Keeps the connection, once there is one, until what is returned is called. */
  hold(): () => Promise<void>
  /** Says something, and resolves when the server has taken it. To be called by one who holds the network. */
  say(saying: Saying, signal: AbortSignal): Promise<void>
  /** The topic of a channel, to be asked by one who holds the network; empty when there is none. */
  topicOf(channel: Pick<Saying, 'channel' | 'key'>, signal: AbortSignal): Promise<string>
  /** Stays in these channels until the signal aborts, and comes back when the connection breaks. */
  stay(channels: readonly Pick<Saying, 'channel' | 'key'>[], signal: AbortSignal, log: Logger): Promise<void>
}

/** How long to wait before coming back, in milliseconds: servers shut out who knocks too often. */
const comingBack = { firstDelay: 2_000, maxDelay: 300_000 }
/** A connection that lasted so long was a good one. */
const goodTime = 60_000
/** Longer than whatever bounds the steps of connecting. */
const patience = 90_000

/** Makes a network; nothing is connected before it is needed. */
export function createNetwork(server: IrcServer): Network {
  let open: { readonly connection: Promise<IrcConnection>; readonly abandon: AbortController } | null = null
  let leaving: Promise<void> = Promise.resolve()
  let holders = 0

  function connection(): Promise<IrcConnection> {
    if (open !== null) return open.connection
    const abandon = new AbortController()
    const opened = { connection: leaving.then(() => connectTo(server, abandon.signal)), abandon }
    const forget = () => {
      if (open === opened) open = null
    }
    opened.connection.then(({ closed }) => closed).then(forget, forget)
    open = opened
    return opened.connection
  }

  async function leave(): Promise<void> {
    if (open === null) return
    const { connection: opened, abandon } = open
    open = null
    abandon.abort(new Error(`${server.name}: nobody has anything to say there any more`))
    leaving = opened.then((one) => one.quit()).catch(() => undefined)
    await leaving
  }

  function hold(): () => Promise<void> {
    holders += 1
    return async () => {
      holders -= 1
      if (holders === 0) await leave()
    }
  }

  const connected = (signal: AbortSignal) => answerOf(connection(), { what: server.name, patience, signal })

  return {
    hold,
    async say(saying, signal) {
      await (await connected(signal)).say(saying, signal)
    },
    async topicOf(channel, signal) {
      const here = await connected(signal)
      await here.join(channel, signal)
      return here.topicOf(channel.channel)
    },
    async stay(channels, signal, log) {
      const release = hold()
      const tell = (error: unknown) => {
        if (!signal.aborted) log.warn({ network: server.name, reason: messageOf(error) }, 'failed')
      }
      for (let failures = 0; !signal.aborted; failures += 1) {
        const begun = performance.now()
        try {
          const here = await connected(signal)
          for (const channel of channels) await here.join(channel, signal).catch(tell)
          tell(await answerOf(here.closed, { what: server.name, patience: null, signal }))
        } catch (error) {
          tell(error)
        }
        if (performance.now() - begun > goodTime) failures = 0
        await sleep(backoff(comingBack, failures + 1), undefined, { signal }).catch(() => null)
      }
      await release()
    },
  }
}
