import type { Client, ClientOptions, Message } from 'irc-framework'
import { PermanentError, TransientError } from '#service/errors.ts'
import { transportTo, type Endpoint } from './transport.ts'

/** Who we are on a network, and how we prove it. */
export interface Identity {
  /** What the network is called in messages and notes. */
  readonly name: string
  readonly nick: string
  readonly realName: string
  /** The server's own password; hardly any has one. */
  readonly password: string | null
  readonly sasl:
    | { readonly mechanism: 'PLAIN'; readonly account: string; readonly password: string }
    | { readonly mechanism: 'EXTERNAL' }
    | null
}

/** Registers at a server; resolves when it has welcomed us. With SASL, nobody is registered who is not logged in. */
export async function register(client: Client, server: Endpoint & Identity): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  const refuse = (reason: string) => {
    reject(new PermanentError('refused', `${server.name}: ${reason}`))
  }
  const putOff = (reason: string) => {
    reject(new TransientError(`${server.name}: ${reason}`))
  }
  let isLoggedIn = false
  let tries = 1
  client.on('loggedin', () => {
    isLoggedIn = true
  })
  client.on('registered', () => {
    if (server.sasl === null || isLoggedIn) resolve(undefined)
    else putOff('the server offers no SASL now')
  })
  client.on('sasl failed', ({ reason, message }) => {
    const why = `SASL ${server.sasl?.mechanism ?? ''} failed: ${message ?? reason}`
    // Networks withdraw the capability while their services are away.
    if (reason === 'capability_missing') putOff(why)
    else refuse(why)
  })
  client.on('nick in use', () => {
    tries += 1
    if (tries > mostTries) putOff(`the nick ${server.nick} and those like it are in use`)
    else client.changeNick(nickFor(server.nick, tries))
  })
  client.on('nick invalid', ({ nick, reason }) => {
    refuse(`the nick ${nick}: ${reason}`)
  })
  client.connection.on('message', ({ command, params }: Message) => {
    // A wrong password of the server, and a ban.
    if (command === '464' || command === '465') refuse(params.at(-1) ?? command)
  })
  client.connect(optionsFor(server))
  await promise
}

function optionsFor(server: Endpoint & Identity): ClientOptions {
  const { nick, realName, password, sasl } = server
  return {
    nick,
    username: 'imagedrop',
    gecos: realName,
    ...(password === null ? {} : { password }),
    account: sasl?.mechanism === 'PLAIN' ? { account: sasl.account, password: sasl.password } : {},
    ...(sasl === null ? {} : { sasl_mechanism: sasl.mechanism }),
    sasl_disconnect_on_fail: true,
    enable_echomessage: true,
    // When to come back is the network's business: it knows whether somebody is to be told.
    auto_reconnect: false,
    ping_interval: 30,
    ping_timeout: 120,
    version: 'imagedrop',
    transport: transportTo(server),
  }
}

const mostTries = 9

/** The nick for a further try, not longer than one that a server takes: `imagedro2` for `imagedrop`. */
export function nickFor(nick: string, nth: number): string {
  return nick.length < 9 ? `${nick}${String(nth)}` : `${nick.slice(0, -1)}${String(nth)}`
}
