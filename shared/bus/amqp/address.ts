import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { credentials, type SocketOptions } from 'amqplib'
import type { Settings } from './options.ts'

const connectTime = 15_000

/** The URL as amqplib wants it. */
export function addressOf({ url, heartbeat }: Settings): string {
  const address = new URL(url)
  address.searchParams.set('heartbeat', String(heartbeat))
  return address.href
}

/** How the socket is opened, and who we say we are. */
export async function socketOptions(
  settings: Settings,
  signal: AbortSignal,
): Promise<SocketOptions & { signal: AbortSignal }> {
  const { ca, cert, key } = settings.tls
  const file = async (path: string | undefined) => (path === undefined ? undefined : await readFile(path))
  const [authority, certificate, secret] = await Promise.all([ca, cert, key].map(file))
  return {
    // Node destroys the socket with it; amqplib itself only asks the other end to close.
    signal,
    timeout: connectTime,
    // Each write is a whole turn's: TCP need not wait 40 ms for what may come after it.
    noDelay: true,
    // What the broker's administrators see of us, under the name that fedora-messaging uses.
    clientProperties: { app: 'imagedrop' },
    minVersion: 'TLSv1.2',
    ...(authority && { ca: authority }),
    ...(certificate && secret && { cert: certificate, key: secret, credentials: credentials.external() }),
  }
}

/** Who we are to the broker, which lets nobody send under another name (`user_id`). */
export async function accountOf({ account, url, tls }: Settings): Promise<string> {
  if (account !== '') return account
  if (tls.cert === undefined) return decodeURIComponent(new URL(url).username) || 'guest'
  const { subject } = new X509Certificate(await readFile(tls.cert))
  const [, name] = /^CN=(.+)$/m.exec(subject) ?? []
  if (name !== undefined) return name
  throw new Error(`tls.cert: expected a certificate with a common name, got one of ${JSON.stringify(subject)}`)
}

/** For logs. */
export function withoutPassword(url: string): string {
  const shown = new URL(url)
  shown.password = ''
  shown.search = ''
  return shown.href
}
