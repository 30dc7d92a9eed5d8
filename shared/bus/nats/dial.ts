import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  connect,
  credsAuthenticator,
  nkeyAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node'
import { pauseAfter, type NatsSettings } from './options.ts'
import { isRefusedConnection } from './refusal.ts'

const redial = { first: 100, longest: 10_000 }
/** A wire that says nothing is given up after three of these. */
const pingInterval = 10_000

/**
 * Connects for the first time. Throws when no server answers in time, and at once when one refuses us. `dials` tells how
 * often a lost connection was tried to be made again.
 */
export async function dial(settings: NatsSettings, dials: () => number): Promise<NatsConnection> {
  const options = connectionOptions(settings, () => pauseAfter(Math.max(1, dials()), redial, settings.random))
  const until = Date.now() + settings.connectTimeoutMs
  for (let failures = 1; ; failures += 1) {
    try {
      return await connect(options)
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error))
      if (isRefusedConnection(reason) || Date.now() > until) {
        throw new Error(`NATS at ${String(options.servers)}: ${reason.message}`, { cause: error })
      }
      settings.log.warn({ reason: reason.message }, 'no NATS server yet')
      await sleep(pauseAfter(failures, redial, settings.random))
    }
  }
}

/** The library knows neither users nor passwords in URLs, and reads the port from the wrong colon when they are there. */
function connectionOptions(settings: NatsSettings, redialPause: () => number): NodeConnectionOptions {
  const urls = settings.servers.map((server) => new URL(server.includes('://') ? server : `nats://${server}`))
  const [user = '', pass = ''] = [urls[0]?.username, urls[0]?.password].map((one) => decodeURIComponent(one ?? ''))
  const { nkeySeedFile, credsFile, tls } = settings
  // Read at each connection: files are replaced while we run.
  const authenticators = [
    ...(nkeySeedFile === undefined ? [] : [nkeyAuthenticator(() => bytesOf(nkeySeedFile))]),
    ...(credsFile === undefined ? [] : [credsAuthenticator(() => readFileSync(credsFile))]),
  ]
  return {
    servers: urls.map((url) => url.host),
    name: settings.name,
    ...(authenticators.length > 0 ? { authenticator: authenticators } : {}),
    ...(pass !== '' ? { user, pass } : user !== '' ? { token: user } : {}),
    ...(tls === undefined && urls[0]?.protocol !== 'tls:' ? {} : { tls: tlsOf(tls ?? {}) }),
    maxReconnectAttempts: -1,
    // Whether a refusal is for ever is for us to say: a server that was too busy to check is none.
    ignoreAuthErrorAbort: true,
    reconnectDelayHandler: redialPause,
    pingInterval,
    timeout: Math.min(10_000, settings.connectTimeoutMs),
  }
}

function bytesOf(seedFile: string): Uint8Array {
  return Buffer.from(readFileSync(seedFile, 'utf8').trim())
}

function tlsOf({ ca, cert, key }: NonNullable<NatsSettings['tls']>) {
  return {
    minVersion: 'TLSv1.2' as const,
    ...(ca === undefined ? {} : { caFile: ca }),
    ...(cert === undefined ? {} : { certFile: cert }),
    ...(key === undefined ? {} : { keyFile: key }),
  }
}
