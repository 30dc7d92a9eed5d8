import { messageOf, TransientError } from '#service/errors.ts'

/** The web, as far as we need it. */
export type Fetch = (url: string, init: { method: string; signal: AbortSignal }) => Promise<Response>

interface Asking {
  readonly fetch: Fetch
  readonly signal: AbortSignal
}

const patience = 30_000

/** Asks a server. Throws TransientError when it cannot be reached or is in trouble of its own. */
export async function ask(method: 'GET' | 'HEAD', url: string, { fetch, signal }: Asking): Promise<Response> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(patience)])
  const response = await fetch(url, { method, signal: limit }).catch((error: unknown) => {
    signal.throwIfAborted()
    throw new TransientError(`${url} cannot be reached: ${messageOf(error)}`, { cause: error })
  })
  if (response.status >= 500) throw new TransientError(`${url} answers with status ${String(response.status)}`)
  return response
}

/** Whether something is at an address. An address that is not on the web has nothing for us. */
export async function answers(url: string, asking: Asking): Promise<boolean> {
  if (!/^https?:/.test(url)) return false
  return (await ask('HEAD', url, asking)).ok
}
