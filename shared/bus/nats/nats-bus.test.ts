import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, headers } from '@nats-io/transport-node'
import pino from 'pino'
import { afterAll, beforeAll } from 'vitest'
import { startTcpProxy } from '#test/brokers/tcp-proxy.ts'
import { provideNats } from '#test/brokers/nats.ts'
import type { Server } from '#test/brokers/server.ts'
import { testBroker, type BrokerWorld } from '../broker.contract.ts'
import { testBus } from '../bus.contract.ts'
import { deadLetterHeaders } from '../headers.ts'
import { openNatsBus } from './nats-bus.ts'

const log = pino({ level: process.env['LEVEL'] ?? 'silent' })
let server: Server

beforeAll(async () => {
  server = await provideNats()
}, 120_000)
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

testBus('NATS', () => Promise.resolve(createWorld()))
testBroker('NATS', () => Promise.resolve(createWorld()))

let worlds = 0

/** A stream of its own on the one server. */
function createWorld(): BrokerWorld {
  worlds += 1
  const stream = `test-${String(process.pid)}-${String(worlds)}`
  const deliveryLimit = 3
  const prefetch = 4
  const open = (url: string) =>
    openNatsBus({
      servers: [url],
      stream,
      subjectPrefix: stream,
      deliveryLimit,
      prefetch,
      ackWaitMs: 2000,
      retryMs: { first: 100, longest: 1000 },
      log,
    })
  return {
    confirms: 'on-storage',
    prefetch,
    deliveryLimit,
    open: () => open(server.url),
    restart: () => server.restart(),
    async proxied() {
      const proxy = await startTcpProxy(server.place.port)
      return { bus: await open(proxy.url(server.url)), proxy }
    },
    async deadLetters(service) {
      await using connection = await connect({ servers: server.url })
      const consumer = await jetstream(connection).consumers.get(stream, {
        filter_subjects: `${stream}.dead.${service}`,
      })
      const { num_pending: count } = await consumer.info()
      if (count === 0) return []
      const letters = []
      for await (const letter of await consumer.fetch({ max_messages: count })) {
        const header = (name: string) => letter.headers?.get(name) ?? ''
        letters.push({
          id: header(deadLetterHeaders.id) || null,
          body: letter.string(),
          reason: header(deadLetterHeaders.reason),
        })
      }
      return letters
    },
    async sendRaw(subject, body, told = {}) {
      await using connection = await connect({ servers: server.url })
      const carried = headers()
      for (const [key, value] of Object.entries(told)) carried.set(key, value)
      await jetstream(connection).publish(`${stream}.${subject}`, body, { headers: carried })
    },
    async [Symbol.asyncDispose]() {
      await using connection = await connect({ servers: server.url })
      const jsm = await jetstreamManager(connection)
      await jsm.streams.delete(stream).catch(() => {})
    },
  }
}
