import { once } from 'node:events'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import { isAscii, toSevenBit } from '../../message/encoding.ts'
import type { SignMail } from './dkim.ts'
import { messageOf, PermanentError, TransientError } from '#service/errors.ts'

/** Takes a message to one recipient. Throws TransientError, or PermanentError when the server will never take it. */
export type SendMail = (mail: Outgoing, signal: AbortSignal) => Promise<void>

export interface Outgoing {
  readonly from: string
  readonly to: string
  readonly bytes: Buffer
}

interface SmtpOptions {
  /** How long the server may be silent, in milliseconds. */
  readonly silence?: number
  /** Certificates that the server's may be issued by, in PEM, instead of those that the system trusts. */
  readonly ca?: string | null
  readonly sign?: SignMail | null
}

/**
 * Sends over SMTP: `smtp://` with STARTTLS where offered, and always with credentials or a certificate to go by;
 * `smtps://` is TLS at once. Whatever is encrypted, the server's certificate must be right.
 */
export function createSmtp(address: string, { silence = 60_000, ca = null, sign = null }: SmtpOptions = {}): SendMail {
  const url = new URL(address)
  const credentials =
    url.username === '' ? null : { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) }
  const needsTls = credentials !== null || ca !== null
  return async ({ from, to, bytes }, signal) => {
    signal.throwIfAborted()
    const { default: Connection } = await import('nodemailer/lib/smtp-connection')
    const connection = new Connection({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      secure: url.protocol === 'smtps:',
      // A password never travels in the open.
      requireTLS: url.protocol === 'smtp:' && needsTls,
      opportunisticTLS: !needsTls,
      ...(ca === null ? {} : { tls: { ca } }),
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
      // Nor may a later server have to change what is signed (RFC 6376 §5.3).
      const keepsEightBits = takesEightBits && sign === null
      const fitting = keepsEightBits || isAscii(bytes) ? bytes : await toSevenBit(bytes)
      const message = sign === null ? fitting : await sign(fitting)
      await step((done) => {
        connection.send({ from, to: [to], use8BitMime: !isAscii(message) }, message, done)
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
