import { decodeMessage, BadReply } from './decode.ts'
import { encodeCall } from './encode.ts'
import { exchange, type Ask, type HubAddress } from './exchange.ts'
import { KojiFault } from './faults.ts'
import type { Struct, Value } from './value.ts'

/** A method of the hub with what it is given. */
export interface Call {
  readonly method: string
  readonly args: readonly Value[]
  readonly keywords?: Struct
}

/** What goes with a call besides its bytes. */
export interface CallOptions extends Pick<Ask, 'signal' | 'certificate' | 'newestTls'> {
  readonly headers?: Readonly<Record<string, string>>
  /** Below the hub's address: `/ssllogin`. */
  readonly path?: string
  readonly timeout?: number
}

/** The reference client waits 12 hours; a hub that has not answered in 10 minutes is not going to. */
const patience = 10 * 60_000

/** Makes a call once, as anybody or with the headers of a session. A fault is thrown as a KojiFault. */
export async function callOnce(hub: HubAddress, call: Call, options: CallOptions = {}): Promise<Value> {
  const { headers, path = '', timeout = patience, ...others } = options
  const text = await exchange(hub, path, {
    headers: { ...headers, 'Content-Type': 'text/xml' },
    body: encodeCall(call.method, call.args, call.keywords),
    timeout,
    ...others,
  })
  return readReply(text)
}

/** The value of a reply, or its fault thrown. */
export function readReply(text: string): Value {
  const message = decodeMessage(text)
  if (message.kind === 'reply') return message.value
  if (message.kind === 'fault') throw new KojiFault(message.code, message.text)
  throw new BadReply('a call in answer to a call')
}
