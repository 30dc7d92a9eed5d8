import { once } from 'node:events'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import { isAscii, toSevenBit } from '../../message/encoding.ts'
import { messageOf, PermanentError, TransientError } from '#service/errors.ts'

/** Takes a message to one recipient. Throws TransientError, or PermanentError when the server will never take it. */
export type SendMail = (mail: Outgoing, signal: AbortSignal) => Promise<void>

export interface Outgoing {
  readonly from: string
  readonly to: string
  readonly bytes: Buffer
}

interface SmtpLimits {
  /** How long the server may be silent, in milliseconds. */
  readonly silence: number
}

/** Sends over SMTP: `smtp://` with STARTTLS where offered, and always with credentials; `smtps://` is TLS at once. */
export function createSmtp(address: string, { silence }: SmtpLimits = { silence: 60_000 }): SendMail {
  const url = new URL(address)
  const credentials =
    url.username === '' ? null : { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) }
  return async ({ from, to, bytes }, signal) => {
    signal.throwIfAborted()
    const { default: Connection } = await import('nodemailer/lib/smtp-connection')
    const connection = new Connection({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      secure: url.protocol === 'smtps:',
      // A password never travels in the open.
      requireTLS: url.protocol === 'smtp:' && credentials !== null,
      opportunisticTLS: credentials === null,
      connectionTimeout: silence,
      greetingTimeout: silence,
      socketTimeout: silence,
    })
    await withConnection(connection, signal, async () => {
      await step((done) => {
        connection.connect(done)
      })
      const takesEightBits = offersEightBits(connection)
      if (credentials) {
        await step((done) => {
          connection.login(credentials, done)
        })
      }
      const use8BitMime = takesEightBits && !isAscii(bytes)
      const fitting = takesEightBits || isAscii(bytes) ? bytes : await toSevenBit(bytes)
      await step((done) => {
        connection.send({ from, to: [to], use8BitMime }, fitting, done)
      })
      connection.quit()
    }).catch((error: unknown) => {
      signal.throwIfAborted()
      throw explain(error, url.host, to)
    })
  }
}

/** Whether the server's answer to EHLO has 8BITMIME (RFC 6152) among its extensions. */
function offersEightBits({ lastServerResponse }: SMTPConnection): boolean {
  return lastServerResponse !== false && /^250[ -]8BITMIME\b/im.test(lastServerResponse)
}

/** The connection reports what breaks it by an event, whatever step is waiting: the first news counts. */
async function withConnection(
  connection: SMTPConnection,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  const settled = new AbortController()
  const closeOnAbort = () => {
    connection.close()
  }
  signal.addEventListener('abort', closeOnAbort, { once: true })
  const broken = once(connection, 'end', { signal: settled.signal }).then(() => {
    throw new Error('the connection was closed')
  })
  try {
    await Promise.race([work(), broken])
  } finally {
    settled.abort()
    await broken.catch(() => null)
    signal.removeEventListener('abort', closeOnAbort)
    connection.on('error', () => null)
    connection.close()
  }
}

async function step(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  start((error) => {
    if (error) reject(error)
    else resolve(undefined)
  })
  await promise
}

/** 5xx is the server's last word. Everything else, an unknown outcome too, may be better next time. */
function explain(error: unknown, server: string, to: string): Error {
  const code = error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : 0
  const message = `the mail server ${server} did not take the announcement for ${to}: ${messageOf(error)}`
  if (code >= 500) return new PermanentError('refused', message, { cause: error })
  return new TransientError(message, { cause: error })
}
