import { messageOf } from '#service/errors.ts'
import type { EngineProbe, Lack } from '../engine.ts'
import type { KojiHub } from './hub/connect.ts'
import { HttpRefusal, NotTrusted } from './rpc/exchange.ts'
import { KojiFault } from './rpc/faults.ts'

/** What the hub lacks for us: its version is null when it cannot be asked. */
export async function probeKoji(hub: KojiHub): Promise<EngineProbe> {
  const architectures = ['i686', 'x86_64', 'aarch64'] as const
  try {
    const version = await hub.queries.version()
    await hub.me()
    return { version, architectures, missing: [] }
  } catch (error) {
    return { version: null, architectures, missing: [lackOf(error, hub.address.url)] }
  }
}

function lackOf(error: unknown, url: string): Lack {
  const what = `the Koji hub at ${url}: ${messageOf(error)}`
  if (error instanceof NotTrusted)
    return { what, remedy: 'give the authority that signs its certificate, and our own certificate' }
  if (error instanceof KojiFault) return { what, remedy: 'give the credentials of a user of this hub' }
  if (error instanceof HttpRefusal)
    return { what, remedy: 'give the address of the hub itself, as https://HOST/kojihub' }
  return { what, remedy: 'see that the hub can be reached from here' }
}
