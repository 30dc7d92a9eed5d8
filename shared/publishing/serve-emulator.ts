import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A cloud's stand-in that answers on 127.0.0.1. */
export interface ServedEmulator extends AsyncDisposable {
  readonly url: string
  /** Hangs up on everybody, and resolves when nothing of it runs any more. */
  close(): Promise<void>
}

interface ServeOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number | undefined
  /** Waits for what is still being answered, and ends what else was started. */
  readonly onClosed?: () => Promise<void>
}

/** Has an emulator's server listen, and closes it once, however often that is asked. */
export async function serveEmulator(server: Server, { port = 0, onClosed }: ServeOptions): Promise<ServedEmulator> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  let closing: Promise<void> | null = null
  const end = async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
    await onClosed?.()
  }
  const close = () => (closing ??= end())
  return { url: `http://127.0.0.1:${String(address.port)}`, close, [Symbol.asyncDispose]: close }
}
