import { once } from 'node:events'
import { connect } from 'node:net'

/** Someone who sits in a channel and hears every line, as the server sends it. */
export interface Listener extends AsyncDisposable {
  /** Every line since it came. */
  readonly lines: readonly string[]
  /** Sends a line of its own. */
  send(line: string): void
  /** Resolves when the server has sent everything that came before. */
  settle(): Promise<void>
  /** Resolves when the server has ended the connection. */
  gone(): Promise<void>
  /** Resolves with the first line that fits, those that came before included. */
  hear(pattern: RegExp): Promise<string>
}

let listeners = 0

/** Has a listener in a channel of a server. */
export async function listenIn(
  url: string,
  channel: string,
  nick = `people${String((listeners += 1))}`,
): Promise<Listener> {
  const { hostname, port } = new URL(url)
  const lines: string[] = []
  const waiting = new Set<() => void>()
  let begun = ''
  let ended = false
  const socket = connect(Number(port), hostname).setEncoding('utf8')
  const look = () => {
    for (const one of waiting) one()
  }
  socket.on('error', () => null)
  socket.on('close', () => {
    ended = true
    look()
  })
  socket.on('data', (text: string) => {
    const whole = (begun + text).split('\r\n')
    begun = whole.pop() ?? ''
    for (const line of whole) {
      if (line.startsWith('PING ')) socket.write(`PONG ${line.slice(5)}\r\n`)
      lines.push(line)
    }
    look()
  })
  const send = (line: string) => void socket.write(`${line}\r\n`)

  async function hear(pattern: RegExp): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const see = () => {
      const line = lines.find((one) => pattern.test(one))
      if (line !== undefined) resolve(line)
      else if (ended)
        reject(new Error(`the connection ended without ${String(pattern)}: ${lines.slice(-3).join(' | ')}`))
    }
    waiting.add(see)
    see()
    return await promise.finally(() => waiting.delete(see))
  }

  let settled = 0
  await once(socket, 'connect')
  send(`NICK ${nick}`)
  send(`USER ${nick} 0 * :a listener`)
  await hear(/^:\S+ 001 /)
  send(`JOIN ${channel}`)
  await hear(/^:\S+ 366 /)
  return {
    lines,
    send,
    hear,
    async gone() {
      if (!ended) await once(socket, 'close')
    },
    async settle() {
      const token = `settled-${String((settled += 1))}`
      send(`PING ${token}`)
      await hear(new RegExp(`PONG .*${token}$`))
    },
    async [Symbol.asyncDispose]() {
      if (ended) return
      socket.destroy()
      await once(socket, 'close')
    },
  }
}
