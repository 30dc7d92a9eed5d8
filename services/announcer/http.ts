import { messageOf, PermanentError, TransientError } from '#service/errors.ts'

/** What a server is sent. */
export interface Outgoing {
  /** What the server is called in messages: an address may hold a secret. */
  readonly what: string
  readonly method: 'POST' | 'PUT'
  readonly url: string | URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** How long a server may take for its whole answer, in milliseconds. */
const patience = 30_000
/** As much of an answer is read, in bytes: who is told something has nothing to say but an id or an error. */
const longestAnswer = 64 * 1024
/** Too slow, too early, too often. */
const passing: ReadonlySet<number> = new Set([408, 425, 429])

/**
 * Sends, and resolves with the answer when it is a 2xx. Throws PermanentError for what the server will never take, a
 * redirection too: nobody else is to get what was meant for this address. Everything else is a TransientError.
 */
export async function send({ what, method, url, headers, body }: Outgoing, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted()
  const limit = AbortSignal.any([signal, AbortSignal.timeout(patience)])
  const { status, text } = await exchange().catch((error: unknown) => {
    signal.throwIfAborted()
    throw new TransientError(`${what}: ${reasonOf(error)}`, { cause: error })
  })
  if (status >= 200 && status < 300) return text
  const message = `${what}: ${String(status)}${text === '' ? '' : `: ${text.slice(0, 300)}`}`
  if (status >= 500 || passing.has(status)) throw new TransientError(message)
  throw new PermanentError('refused', message)

  async function exchange() {
    const response = await fetch(url, { method, headers, body, redirect: 'manual', signal: limit })
    return { status: response.status, text: await beginningOf(response) }
  }
}

async function beginningOf({ body }: Response): Promise<string> {
  if (body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of body as AsyncIterable<Uint8Array>) {
    text += decoder.decode(bytes, { stream: true })
    if (text.length >= longestAnswer) break
  }
  return text
}

/** What happened is in the cause of fetch's own error. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${String(patience / 1000)} s`
  return error instanceof Error && error.cause !== undefined
    ? messageOf(error.cause) || error.message
    : messageOf(error)
}
