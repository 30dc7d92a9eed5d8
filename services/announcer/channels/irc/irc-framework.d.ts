/** What we use of irc-framework, which brings no types. */
declare module 'irc-framework' {
  import type { EventEmitter } from 'node:events'

  export interface Message {
    /** `001`, `NOTICE` */
    readonly command: string
    readonly params: readonly string[]
    /** Who sent it; empty for a server. */
    readonly nick: string
  }

  /** What the library calls of a transport; it listens to `open`, `line` and `close`. */
  export interface Transport extends EventEmitter {
    connect(): void
    writeLine(line: string, done?: () => void): void
    close(force?: boolean): void
    disposeSocket(): void
    setEncoding(encoding: string): boolean
    isConnected(): boolean
  }

  export interface ClientOptions {
    readonly nick: string
    readonly username: string
    readonly gecos: string
    /** The server's password, which is not the account's. */
    readonly password?: string
    /** Without a name in it, nobody logs in, whatever `password` is. */
    readonly account: { readonly account?: string; readonly password?: string }
    readonly sasl_mechanism?: 'PLAIN' | 'EXTERNAL'
    readonly sasl_disconnect_on_fail: boolean
    readonly auto_reconnect: boolean
    /** Ask the server to send us what we say. */
    readonly enable_echomessage: boolean
    /** In seconds. */
    readonly ping_interval: number
    readonly ping_timeout: number
    readonly version: string
    readonly transport: new () => Transport
  }

  export class Client {
    readonly user: { readonly nick: string }
    readonly network: { readonly cap: { isEnabled(capability: string): boolean } }
    readonly connection: {
      readonly transport: Transport | null
      on(event: 'message', listener: (message: Message) => void): unknown
      off(event: 'message', listener: (message: Message) => void): unknown
    }
    connect(options: ClientOptions): void
    raw(...words: readonly string[]): void
    quit(message: string): void
    changeNick(nick: string): void
    caseCompare(one: string, other: string): boolean
    on(event: 'registered' | 'loggedin', listener: () => void): this
    on(event: 'nick in use' | 'nick invalid', listener: (event: { nick: string; reason: string }) => void): this
    on(event: 'sasl failed', listener: (event: { reason: string; message?: string }) => void): this
    /** The connection is gone, and will not come back by itself. */
    on(event: 'socket close', listener: (error?: Error | false) => void): this
  }

  const library: { readonly Client: typeof Client }
  export default library
}
