import { z } from 'zod'
import { BadReply } from './decode.ts'
import { callOnce, type Call } from './call.ts'
import type { Credentials } from './credentials.ts'
import { loginByCurl } from './curl-login.ts'
import { NotTrusted, type HubAddress } from './exchange.ts'
import type { Value } from './value.ts'

/** What a hub gives to who logs in. */
export interface Ticket {
  readonly id: number
  readonly key: string
  /** False on hubs of before 1.32: they want the session in the query string. */
  readonly byHeaders: boolean
}

const authTimeout = 60_000

/**
 * Logs in. With the headers of a session that expired it is renewed: it keeps its id and the number of its last call,
 * and gets a new key.
 */
export async function logIn(
  hub: HubAddress,
  credentials: Credentials,
  options: { readonly renew?: Readonly<Record<string, string>>; readonly signal?: AbortSignal } = {},
): Promise<Ticket> {
  const { renew, signal } = options
  const given = { timeout: authTimeout, ...(signal ? { signal } : {}), ...(renew ? { headers: renew } : {}) }
  if (credentials.kind === 'password') {
    const { user, password } = credentials
    const keywords = { opts: null, ...(renew ? { renew: true, exclusive: false } : {}) }
    return readTicket(await callOnce(hub, { method: 'login', args: [user, password], keywords }, given))
  }
  if (credentials.kind === 'gssapi') return readTicket(await loginByCurl(hub, plainLogin, credentials, signal))
  const call = {
    ...plainLogin,
    keywords: { ...plainLogin.keywords, ...(renew ? { renew: true, exclusive: null } : {}) },
  }
  try {
    // Apache asks for the certificate below /ssllogin only. Under TLS 1.3 that is after the handshake, which Node cannot do.
    return readTicket(
      await callOnce(hub, call, { ...given, path: '/ssllogin', certificate: credentials, newestTls: 'TLSv1.2' }),
    )
  } catch (error) {
    if (!(error instanceof NotTrusted && /protocol version|unsupported protocol/i.test(error.message))) throw error
    return readTicket(await loginByCurl(hub, plainLogin, credentials, signal))
  }
}

const plainLogin = { method: 'sslLogin', args: [], keywords: { proxyuser: null } } as const satisfies Call

const ticket = z.object({
  'session-id': z.int(),
  'session-key': z.string().regex(/^[\x21-\x7e]{1,200}$/),
  'header-auth': z.boolean().optional(),
})

function readTicket(value: Value): Ticket {
  const found = ticket.safeParse(value)
  if (!found.success) throw new BadReply('the answer to a login is no session')
  const { 'session-id': id, 'session-key': key, 'header-auth': byHeaders = false } = found.data
  return { id, key, byHeaders }
}
