import type { AddressInfo } from 'node:net'
import type { CloudNetwork } from './plan.ts'
import { relay } from './relay.ts'

/** Opens a free local port that leads to the ssh port of the guest in the network; connections end with the guest. */
export async function reachFromOutside({ ssh }: CloudNetwork): Promise<Disposable & { readonly port: number }> {
  const server = await relay({ host: '127.0.0.1', port: 0 }, { path: ssh })
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.dispose]() {
      server.close()
    },
  }
}
