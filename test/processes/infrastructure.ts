import { mkdtemp, mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Bus } from '#bus/bus.ts'
import { openAmqpBus } from '#bus/amqp/amqp-bus.ts'
import { dropRequested } from '#events/operator.ts'
import { say } from '#events/define.ts'
import { seal, uuidFrom, type Envelope } from '#events/envelope.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { migratePostgres } from '#ledger/postgres/migrate.ts'
import { openPostgresLedger } from '#ledger/postgres/open.ts'
import { mighty, provideGuardedPostgres, provideGuardedRabbitmq } from '../brokers/accounts.ts'
import type { Server } from '../brokers/server.ts'
import { startTcpProxy, type TcpProxy } from '../brokers/tcp-proxy.ts'
import { house } from '#test/support/house.ts'

interface InfrastructureOptions {
  /** False where time is measured: who passes every byte on takes of it. */
  readonly wired?: boolean
}

/**
 * RabbitMQ and PostgreSQL with the accounts of deploy/, each behind a wire that can be cut unless nothing is `wired`, with all
 * tables and queues made.
 */
export interface Infrastructure extends AsyncDisposable {
  readonly root: string
  readonly state: string
  /** What the processes of a service are told: its own accounts, and the way over the wires. */
  readonly envOf: (service: string) => Record<string, string>
  readonly rabbitmq: Server
  readonly postgres: Server
  /** None unless it is `wired`. */
  readonly wires: readonly TcpProxy[]
  /** The way to the database that nothing cuts. */
  readonly databaseUrl: string
  /** The test's own connections, which nothing cuts: an operator's, one that may do everything, and the owner's. */
  readonly bus: Bus
  readonly meddlingBus: Bus
  readonly ledger: Ledger
}

export async function provideInfrastructure({ wired = true }: InfrastructureOptions = {}): Promise<Infrastructure> {
  await using made = new AsyncDisposableStack()
  const root = await mkdtemp(join(tmpdir(), 'imagedrop-fleet-'))
  made.defer(() => rm(root, { recursive: true, force: true, maxRetries: 3 }))
  const state = join(root, 'state')
  await mkdir(state)
  const [broker, database] = await Promise.all([provideGuardedRabbitmq(), provideGuardedPostgres()])
  const { server: rabbitmq } = made.use(broker)
  const { server: postgres } = made.use(database)
  const databaseUrl = database.ownerUrl
  const wires: TcpProxy[] = []
  const wayTo = async (port: number): Promise<(url: string) => string> => {
    if (!wired) return (url) => url
    const wire = made.use(await startTcpProxy(port))
    wires.push(wire)
    return (url) => wire.url(url)
  }
  const toBroker = await wayTo(rabbitmq.place.port)
  const toDatabase = await wayTo(postgres.place.port)
  const log = pino({ level: 'fatal' })
  await migratePostgres({ url: databaseUrl, words: await house.words(), log })
  const ledger = made.use(await openPostgresLedger({ url: databaseUrl, log }))
  const bus = made.use(await openAmqpBus({ url: broker.urlOf('imagedrop-operator'), passive: true, log }))
  const meddlingBus = made.use(await openAmqpBus({ url: broker.urlOf(mighty), log }))
  const envOf = (service: string) => ({
    IMAGEDROP_STATE: state,
    IMAGEDROP_BUS_URL: toBroker(broker.urlOf(`imagedrop-${service}`)),
    IMAGEDROP_BUS_PASSIVE: 'true',
    // As a bridge, which says again what services have said.
    IMAGEDROP_BUS_ACCOUNTS: `${mighty}=*`,
    IMAGEDROP_LEDGER_URL: toDatabase(database.urlOf(`imagedrop-${service}`)),
    IMAGEDROP_SCHEDULER_ALLOWED_LOCATIONS: root,
    IMAGEDROP_BUILDER_ENGINE: 'null',
    IMAGEDROP_BOOT_TESTER_MACHINE: 'null',
    AWS_ACCESS_KEY_ID: '',
  })
  const all = made.move()
  return {
    root,
    state,
    envOf,
    rabbitmq,
    postgres,
    wires,
    databaseUrl,
    bus,
    meddlingBus,
    ledger,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** A person's request for the drop of a compose, the n-th of many; the same `n` is the same event. */
export function requestOf(n: number, location: string): Envelope {
  const date = new Date(Date.UTC(2000, 0, 1 + n)).toISOString().slice(0, 10).replaceAll('-', '')
  const message = { compose_id: `Debian-12-${date}.n.0`, location, status: 'FINISHED' }
  const body = { topic: 'pungi.compose.status.change', message, images: null, by: 'bench' }
  return seal(say(dropRequested, body), { now: new Date(), id: uuidFrom(`request ${String(n)} ${location}`) })
}
