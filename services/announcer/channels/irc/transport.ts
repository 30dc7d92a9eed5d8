import { EventEmitter } from 'node:events'
import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import type { Transport } from 'irc-framework'

/** Where an IRC server listens, and how its certificate and ours are known. */
export interface Endpoint {
  readonly host: string
  readonly port: number
  /** Null for a connection in the open. */
  readonly tls: Pick<ConnectionOptions, 'ca' | 'cert' | 'key'> | null
}

/** More without an end of line is no IRC: tags have 8191 bytes, and what follows them 512. */
const longestLine = 16_384

/**
 * Makes the transport that carries lines between the library and one server. The library has one of its own, but there what
 * a server sends can end the process or fill its memory, and a line may hold an end of line: here the first two end the
 * connection only, and the third is refused.
 */
export function transportTo({ host, port, tls }: Endpoint): new () => Transport {
  return class extends EventEmitter implements Transport {
    #socket: Socket | null = null
    #error: Error | false = false
    #begun = ''

    connect(): void {
      const socket = tls === null ? connectPlain({ host, port }) : connectTls({ ...tls, host, port, ...nameOf(host) })
      this.#socket = socket
      // A character of several bytes may come in two pieces.
      socket.setEncoding('utf8')
      socket.on(tls === null ? 'connect' : 'secureConnect', () => this.emit('open'))
      socket.on('data', (text: string) => {
        this.#receive(text)
      })
      socket.on('error', (error) => {
        this.#error = error
      })
      socket.on('close', () => {
        this.#socket = null
        this.emit('close', this.#error)
      })
    }

    writeLine(line: string, done?: () => void): void {
      if (/[\r\n\0]/.test(line))
        throw new Error(`a line that is to be sent holds an end of line: ${JSON.stringify(line)}`)
      this.#socket?.write(`${line}\r\n`, () => done?.())
    }

    #receive(text: string): void {
      const lines = (this.#begun + text).split('\n')
      this.#begun = lines.pop() ?? ''
      try {
        if (this.#begun.length > longestLine) throw new Error('the server sends a line without an end')
        for (const line of lines) this.emit('line', line)
      } catch (error) {
        this.#socket?.destroy(error instanceof Error ? error : new Error(String(error)))
      }
    }

    close(force = false): void {
      if (force) this.#socket?.destroy()
      else this.#socket?.end()
    }

    disposeSocket(): void {
      this.#socket?.destroy()
    }

    setEncoding(encoding: string): boolean {
      return encoding === 'utf8'
    }

    isConnected(): boolean {
      return this.#socket !== null
    }
  }
}

/** An address is no name that a certificate could be asked for by SNI. */
function nameOf(host: string): { servername?: string } {
  return /^[\d.]+$|:/.test(host) ? {} : { servername: host }
}
