import { createServer, connect, type AddressInfo, type Socket } from 'node:net'

/** A wire between a client and a server that a test can hold, cut, and half-close. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number
  /** The given address with this proxy in the place of its host and port. */
  url(of: string): string
  /** Bytes no longer pass, in both directions, but connections stay open: a firewall that forgot. */
  stall(): void
  /** Bytes pass again; those that were held come first. */
  resume(): void
  /** Ends all connections with a reset, and refuses new ones until `heal`. */
  cut(): void
  /** The server's side says that it is done; the client's side may go on sending. */
  halfClose(): void
  heal(): void
  readonly connections: number
}

/** Listens on loopback and passes everything on to `port`. */
export async function startTcpProxy(port: number): Promise<TcpProxy> {
  const pairs = new Set<{ client: Socket; server: Socket }>()
  let stalled = false
  let broken = false

  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (broken) {
      client.resetAndDestroy()
      return
    }
    const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const pair = { client, server }
    pairs.add(pair)
    if (stalled) hold(pair)
    join(client, server)
    join(server, client)
    client.on('close', () => pairs.delete(pair))
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const own = (listener.address() as AddressInfo).port

  function resetAll(): void {
    for (const { client, server } of pairs) {
      client.resetAndDestroy()
      server.resetAndDestroy()
    }
    pairs.clear()
  }
  return {
    port: own,
    url(of) {
      const url = new URL(of)
      url.hostname = '127.0.0.1'
      url.port = String(own)
      return url.href
    },
    stall() {
      stalled = true
      pairs.forEach(hold)
    },
    resume() {
      stalled = false
      for (const { client, server } of pairs) {
        client.resume()
        server.resume()
      }
    },
    cut() {
      broken = true
      resetAll()
    },
    halfClose() {
      for (const { client, server } of pairs) {
        client.end()
        server.pause()
      }
    },
    heal() {
      broken = false
    },
    get connections() {
      return pairs.size
    },
    async [Symbol.asyncDispose]() {
      resetAll()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}

function hold({ client, server }: { client: Socket; server: Socket }): void {
  client.pause()
  server.pause()
}

/** As `pipe` does, but a paused side stays paused. */
function join(from: Socket, to: Socket): void {
  from.on('data', (bytes: Buffer) => {
    if (to.writable) to.write(bytes)
  })
  from.on('end', () => to.writable && to.end())
  from.on('error', () => to.destroy())
  from.on('close', () => to.destroy())
}
