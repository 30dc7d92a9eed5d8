import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { afterAll, beforeAll } from 'vitest'
import { provideRabbitmq } from '#test/brokers/rabbitmq.ts'
import type { Server } from '#test/brokers/server.ts'
import { startTcpProxy } from '#test/brokers/tcp-proxy.ts'
import { testBroker, type BrokerWorld } from '../broker.contract.ts'
import { testBus } from '../bus.contract.ts'
import { testGathering } from '../gather.contract.ts'
import { openAmqpBus } from './amqp-bus.ts'
import type { AmqpOptions } from './options.ts'
import { openRaw } from './testing/raw.ts'

let server: Server

beforeAll(async () => {
  server = await provideRabbitmq()
}, 120_000)
afterAll(async () => {
  await server[Symbol.asyncDispose]()
}, 60_000)

testBus('RabbitMQ', prepareWorld)
testBroker('RabbitMQ', prepareWorld)
testGathering('RabbitMQ', prepareWorld)

async function prepareWorld(): Promise<BrokerWorld> {
  const place = `t${randomUUID().slice(0, 8)}.`
  const options: AmqpOptions = {
    url: server.url,
    exchange: `${place}topic`,
    topicPrefix: 'org.example.dev',
    queuePrefix: place,
    prefetch: 10,
    deliveryLimit: 3,
    retry: { firstDelay: 50, maxDelay: 500 },
    reconnect: { firstDelay: 50, maxDelay: 500 },
    confirmTimeout: 10_000,
    log: pino({ level: process.env['LOG'] ?? 'silent' }),
  }
  return await Promise.resolve({
    confirms: 'on-storage',
    prefetch: 10,
    deliveryLimit: 3,
    open: () => openAmqpBus(options),
    restart: () => server.restart(),
    async proxied() {
      const proxy = await startTcpProxy(Number(new URL(server.url).port))
      return { proxy, bus: await openAmqpBus({ ...options, url: proxy.url(server.url) }) }
    },
    deadLetters: (service) => readDeadLetters(`${place}${service}.dead`),
    async sendRaw(subject, body, headers) {
      await using raw = await openRaw(server.url)
      raw.channel.publish(`${place}topic`, `org.example.dev.${subject}`, Buffer.from(body), { headers })
    },
    async [Symbol.asyncDispose]() {
      await using raw = await openRaw(server.url)
      for (const name of ['builder', 'converter', 'scheduler', 'announcer']) {
        await raw.channel.deleteQueue(`${place}${name}`)
        await raw.channel.deleteQueue(`${place}${name}.dead`)
      }
      for (const name of ['topic', 'dead', 'progress']) await raw.channel.deleteExchange(`${place}${name}`)
    },
  })
}

/** Looks at the letters and leaves them there. */
async function readDeadLetters(queue: string) {
  await using raw = await openRaw(server.url)
  const letters = []
  for (;;) {
    const message = await raw.channel.get(queue)
    if (message === false) return letters
    const { messageId, headers } = message.properties
    letters.push({
      id: typeof messageId === 'string' ? messageId : null,
      body: message.content.toString(),
      reason: headers?.['x-first-death-reason'] ?? '',
    })
  }
}
