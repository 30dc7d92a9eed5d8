import type { Logger } from 'pino'
import type { Bus } from '#bus/bus.ts'
import type { BusSettings } from './settings.ts'

interface Identity {
  readonly stateFolder: string
  readonly log: Logger
}

/** Connects to the bus that the settings name. The client library of a broker is loaded only when it is used. */
export async function openBus(settings: BusSettings, identity: Identity): Promise<Bus> {
  const { url } = settings
  if (url === undefined) return (await import('#bus/memory/memory-bus.ts')).createMemoryBus()
  return url.startsWith('amqp') ? await openAmqp(url, settings, identity) : await openNats(url, settings, identity)
}

async function openAmqp(url: string, settings: BusSettings, { stateFolder, log }: Identity): Promise<Bus> {
  const { openAmqpBus } = await import('#bus/amqp/amqp-bus.ts')
  const {
    account,
    exchange,
    foreignExchanges,
    topicPrefix,
    queuePrefix,
    queueNames,
    passive,
    prefetch,
    deliveryLimit,
    confirmSeconds,
    heartbeatSeconds,
  } = settings
  return await openAmqpBus({
    url,
    account,
    log,
    exchange,
    foreignExchanges,
    topicPrefix,
    queuePrefix,
    queueNames,
    queueSeed: stateFolder,
    // The public broker, where queues are named so, lets nobody publish.
    publish: queueNames === 'service',
    passive,
    prefetch,
    deliveryLimit,
    confirmTimeout: confirmSeconds * 1_000,
    heartbeat: heartbeatSeconds,
    tls: tlsOf(settings),
  })
}

async function openNats(url: string, settings: BusSettings, { log }: Identity): Promise<Bus> {
  const { openNatsBus } = await import('#bus/nats/nats-bus.ts')
  const { topicPrefix, stream, replicas, prefetch, deliveryLimit, confirmSeconds, nkeySeed, credentials } = settings
  return await openNatsBus({
    servers: [url],
    log,
    stream,
    replicas,
    subjectPrefix: topicPrefix,
    prefetch,
    deliveryLimit,
    confirmTimeout: confirmSeconds * 1_000,
    // An empty one would ask for TLS.
    ...(Object.keys(tlsOf(settings)).length === 0 ? {} : { tls: tlsOf(settings) }),
    ...(nkeySeed === undefined ? {} : { nkeySeedFile: nkeySeed }),
    ...(credentials === undefined ? {} : { credsFile: credentials }),
  })
}

function tlsOf({ ca, cert, key }: BusSettings) {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
}
