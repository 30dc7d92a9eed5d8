import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

/** A wire that tells how much passed, so that a test can break it in the middle of something large. */
export interface MeteredWire extends TcpProxy {
  /** Bytes from the client, and to it. */
  readonly sent: number
  readonly received: number
  /** Connections so far. */
  readonly opened: number
  /** Resolves when so many bytes have passed, in both directions together. */
  passed(bytes: number): Promise<void>
}

/** Listens on loopback and passes everything on to the server of a URL. */
export async function startMeteredWire(url: string): Promise<MeteredWire> {
  const target = Number(new URL(url).port)
  let sent = 0
  let received = 0
  let opened = 0
  const waiting = new Set<{ bytes: number; resolve: () => void }>()
  const count = () => {
    for (const one of waiting) if (sent + received >= one.bytes) one.resolve()
  }
  const meter = createServer((client) => {
    opened += 1
    const server = connect({ port: target, host: '127.0.0.1' })
    client.on('data', (bytes: Buffer) => {
      sent += bytes.length
      count()
    })
    server.on('data', (bytes: Buffer) => {
      received += bytes.length
      count()
    })
    bind(client, server)
    bind(server, client)
  })
  meter.listen(0, '127.0.0.1')
  await once(meter, 'listening')
  const proxy = await startTcpProxy((meter.address() as AddressInfo).port)
  return {
    ...proxy,
    get connections() {
      return proxy.connections
    },
    get opened() {
      return opened
    },
    get sent() {
      return sent
    },
    get received() {
      return received
    },
    async passed(bytes) {
      const { promise, resolve } = Promise.withResolvers<undefined>()
      const one = { bytes, resolve: () => resolve(undefined) }
      waiting.add(one)
      count()
      await promise
      waiting.delete(one)
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await new Promise((resolve) => meter.close(resolve))
    },
  }
}

function bind(from: Socket, to: Socket): void {
  from.pipe(to)
  from.on('error', () => to.destroy())
  from.on('close', () => to.destroy())
}
