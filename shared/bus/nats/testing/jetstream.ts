import { randomUUID } from 'node:crypto'
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { pino } from 'pino'
import { provideNats } from '#test/brokers/nats.ts'
import type { Server } from '#test/brokers/server.ts'
import type { Bus } from '../../bus.ts'
import { openNatsBus } from '../nats-bus.ts'
import type { NatsOptions } from '../options.ts'

/** A server for the tests of one file, with a connection to look behind a bus. */
export interface TestJetstream extends AsyncDisposable {
  readonly server: Server
  readonly connection: NatsConnection
  readonly jsm: JetStreamManager
  /** The name and prefix of a stream that no other test uses. */
  readonly newStream: () => string
  readonly open: (stream: string, options?: Partial<NatsOptions>) => Promise<Bus>
  /** True from 2.10 on: a consumer may name several subjects. */
  readonly knowsManyFilters: boolean
}

/** Starts it. Streams that a test made go with it. */
export async function provideJetstream(): Promise<TestJetstream> {
  const server = await provideNats()
  const connection = await connect({ servers: server.url })
  const jsm = await jetstreamManager(connection)
  const log = pino({ level: process.env['LOG'] ?? 'silent' })
  const streams = new Set<string>()
  return {
    server,
    connection,
    jsm,
    knowsManyFilters: !/^2\.[0-9]\./.test(connection.info?.version ?? ''),
    newStream() {
      const stream = `test-${randomUUID().slice(0, 8)}`
      streams.add(stream)
      return stream
    },
    open: (stream, options) => openNatsBus({ servers: [server.url], stream, subjectPrefix: stream, log, ...options }),
    async [Symbol.asyncDispose]() {
      for (const stream of streams) await jsm.streams.delete(stream).catch(() => {})
      await connection.close()
      await server[Symbol.asyncDispose]()
    },
  }
}
