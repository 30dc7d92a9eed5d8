import type { Client, Message } from 'irc-framework'
import { messageOf, PermanentError, TransientError } from '#service/errors.ts'
import { answerOf } from './answer.ts'
import { createPace, type Flood } from './pace.ts'
import { explainRefusal, isRefusal } from './refusal.ts'
import { register, type Identity } from './register.ts'
import type { Endpoint } from './transport.ts'

/** A server of a network, and how it is to be talked to. */
export interface IrcServer extends Endpoint, Identity {
  readonly flood: Flood
}

/** One thing that is said in a channel. */
export interface Saying {
  readonly channel: string
  readonly key: string | null
  readonly as: 'NOTICE' | 'PRIVMSG' | 'TOPIC'
  readonly text: string
}

/** A connection that is registered. When it breaks it stays broken. */
export interface IrcConnection {
  /** Resolves with the reason once it is gone. */
  readonly closed: Promise<Error>
  /** Enters a channel, unless we are in it. */
  join(channel: Pick<Saying, 'channel' | 'key'>, signal: AbortSignal): Promise<void>
  /** Says something, and resolves when the server has taken it. */
  say(saying: Saying, signal: AbortSignal): Promise<void>
  /** The topic of a channel that we are in; empty when it has none. */
  topicOf(channel: string): string
  quit(): Promise<void>
}

/** How long a server may take for an answer, in milliseconds: one that brakes us answers late. */
const patience = 60_000
const patienceAtQuit = 2_000

/** Connects and registers. Throws TransientError, or PermanentError when the server will not have us. */
export async function connectTo(server: IrcServer, signal: AbortSignal): Promise<IrcConnection> {
  const { default: library } = await import('irc-framework')
  const client = new library.Client()
  const closed = watchEnd(client, server)
  const dispose = () => {
    client.connection.transport?.disposeSocket()
  }
  try {
    const registered = register(client, server)
    registered.catch(() => null)
    const what = `${server.name} (${server.host}:${String(server.port)})`
    await answerOf(Promise.race([registered, failOn(closed)]), { what, patience, signal })
  } catch (error) {
    dispose()
    throw error
  }
  return talk(client, server, { closed, dispose })
}

interface Wire {
  readonly closed: Promise<Error>
  readonly dispose: () => void
}

function talk(client: Client, server: IrcServer, { closed, dispose }: Wire): IrcConnection {
  const pace = createPace(server.flood)
  const isMe = (nick: string | undefined) => nick !== undefined && client.caseCompare(nick, client.user.nick)
  const channels = trackChannels(client, isMe)
  const broken = failOn(closed)
  const inTurn = createTurns()
  let asked = 0

  /**
   * Servers take a client's lines in their order, and answer a refused one at once: when the PONG comes, everything before
   * it was taken, or we have heard that it was not. Resolves with all that came from us, as servers with echo-message send
   * it: some are silent about a notice that they refuse.
   */
  async function ask(words: readonly string[], about: string, signal: AbortSignal): Promise<readonly Message[]> {
    const what = `${server.name}: ${words[0] ?? ''} ${about}`
    const token = `imagedrop-${String((asked += 1))}`
    const { promise: answered, resolve } = Promise.withResolvers<undefined>()
    let refusal: Message | null = null
    const echoes: Message[] = []
    const hear = (message: Message) => {
      if (message.command === 'PONG' && message.params.at(-1) === token) resolve(undefined)
      else if (isRefusal(message, (name) => client.caseCompare(name, about))) refusal ??= message
      else if (isMe(message.nick)) echoes.push(message)
    }
    for (let line = 0; line < 2; line += 1) await pace(signal)
    client.connection.on('message', hear)
    try {
      client.raw(...words)
      client.raw('PING', token)
      await answerOf(Promise.race([answered, broken]), { what, patience, signal })
    } finally {
      client.connection.off('message', hear)
    }
    if (refusal !== null) throw explainRefusal(refusal, what)
    return echoes
  }

  async function enter({ channel, key }: Pick<Saying, 'channel' | 'key'>, signal: AbortSignal): Promise<void> {
    if (channels.has(channel)) return
    await ask(key === null ? ['JOIN', channel] : ['JOIN', channel, key], channel, signal)
    if (!channels.has(channel)) throw new TransientError(`${server.name}: the server did not let us into ${channel}`)
  }

  return {
    closed,
    topicOf: (channel) => channels.topicOf(channel),
    join: (channel, signal) => inTurn(() => enter(channel, signal)),
    say: ({ channel, key, as, text }, signal) =>
      inTurn(async () => {
        await enter({ channel, key }, signal)
        const echoes = await ask([as, channel, text], channel, signal)
        const isEchoed = echoes.some(({ command }) => command === as)
        if (as !== 'TOPIC' && client.network.cap.isEnabled('echo-message') && !isEchoed) {
          throw new PermanentError(
            'refused',
            `${server.name}: ${as} ${channel}: the server did not pass it on, and says no reason`,
          )
        }
      }),
    async quit() {
      client.quit('')
      const end = { what: server.name, patience: patienceAtQuit, signal: new AbortController().signal }
      await answerOf(closed, end).catch(() => null)
      dispose()
    },
  }
}

/** Which channels we are in, also when others put us out, and their topics. */
function trackChannels(client: Client, isMe: (nick: string | undefined) => boolean) {
  const topics = new Map<string, string>()
  const find = (channel: string) => [...topics.keys()].find((one) => client.caseCompare(one, channel)) ?? channel
  client.connection.on('message', ({ command, params, nick }) => {
    const [channel = '', second = ''] = params
    if (command === 'JOIN' && isMe(nick)) topics.set(channel, '')
    else if (command === 'TOPIC') topics.set(find(channel), second)
    // The topic of a channel that was entered, as numeric replies begin with our nick.
    else if (command === '332') topics.set(find(second), params.at(-1) ?? '')
    else if ((command === 'PART' && isMe(nick)) || (command === 'KICK' && isMe(second))) topics.delete(find(channel))
  })
  return {
    has: (channel: string) => topics.has(find(channel)),
    topicOf: (channel: string) => topics.get(find(channel)) ?? '',
  }
}

/** Resolves with why the connection ended: the server's last words, or what became of the socket. */
function watchEnd(client: Client, { name }: IrcServer): Promise<Error> {
  const { promise, resolve } = Promise.withResolvers<Error>()
  let lastWords = ''
  client.connection.on('message', ({ command, params }) => {
    if (command === 'ERROR') lastWords = params.at(-1) ?? ''
  })
  client.on('socket close', (error) => {
    const why = lastWords || (error ? messageOf(error) : 'the server hung up')
    resolve(new TransientError(`${name}: the connection is gone: ${why}`, { cause: error }))
  })
  return promise
}

function failOn(closed: Promise<Error>): Promise<never> {
  const failing = closed.then((error) => {
    throw error
  })
  failing.catch(() => null)
  return failing
}

/** One after the other, as a refusal does not say which line it is about. */
function createTurns(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work)
    last = next.catch(() => null)
    return next
  }
}
