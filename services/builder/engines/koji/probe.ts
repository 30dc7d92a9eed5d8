import { messageOf } from '#service/errors.ts'
import { isAway } from './classify.ts'
import type { KojiHub } from './hub/connect.ts'
import { HttpRefusal, NotTrusted } from './rpc/exchange.ts'
import { KojiFault } from './rpc/faults.ts'

/** What the hub is to us: its version, or what is missing and how to mend it. */
export type KojiProbe =
  | { readonly version: string; readonly lack: null }
  | { readonly version: null; readonly lack: Lack; readonly isAway: boolean }

interface Lack {
  readonly what: string
  readonly remedy: string
}

/** Asks the hub for its version, and whether it knows us. */
export async function probeKoji(hub: KojiHub): Promise<KojiProbe> {
  try {
    const version = await hub.queries.version()
    await hub.me()
    return { version, lack: null }
  } catch (error) {
    return { version: null, lack: lackOf(error, hub.address.url), isAway: isAway(error) }
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
