import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino, type Logger } from 'pino'
import { createFolderStore } from '#artifacts/folder.ts'
import { openAmqpBus } from '#bus/amqp/amqp-bus.ts'
import type { Bus } from '#bus/bus.ts'
import { openNatsBus } from '#bus/nats/nats-bus.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { migratePostgres } from '#ledger/postgres/migrate.ts'
import { openPostgresLedger } from '#ledger/postgres/open.ts'
import type { TakeIn } from '#service/host.ts'
import { runServices } from '#service/run.ts'
import type { Untrusted } from '#service/trust.ts'
import { house } from '#test/support/house.ts'
import { nullAssemble } from '../bench/null-services.ts'
import { provideGuardedPostgres, type Guarded } from '../brokers/accounts.ts'

/** All services, each with its own accounts at the broker and the database, as processes of their own have them. */
export interface GuardedLine extends AsyncDisposable {
  /** Sees everything, and asks as a person whose account at the database is `jane`. */
  readonly ledger: Ledger
  /** Hands a compose in to the scheduler, as its HTTP API does. */
  readonly takeIn: TakeIn
  readonly refusals: readonly { readonly service: string; readonly refusal: Untrusted }[]
  openBus(account: string): Promise<Bus>
}

/** Starts the services on a broker with the accounts of deploy/; their steps do nothing. */
export async function startGuardedLine(broker: Guarded): Promise<GuardedLine> {
  await using made = new AsyncDisposableStack()
  const log = pino({ level: process.env['LOG'] ?? 'silent' })
  const stateFolder = await mkdtemp(join(tmpdir(), 'imagedrop-trust-'))
  made.defer(() => rm(stateFolder, { recursive: true, force: true }))
  const database = made.use(await provideGuardedPostgres())
  await migratePostgres({ url: database.ownerUrl, words: await house.words(), log })
  await database.server.administer('create role jane login in role imagedrop_operator')
  const openBus = (account: string) => openBusOf(broker.urlOf(account), log)
  {
    // As `imagedrop migrate` does.
    await using bus = await openBus('imagedrop-owner')
    await bus.prepare(await house.interests())
  }
  const artifacts = await createFolderStore(join(stateFolder, 'artifacts'))
  const refusals: { service: string; refusal: Untrusted }[] = []
  let takeIn: TakeIn = () => Promise.reject(new Error('there is no scheduler'))
  for (const name of house.names) {
    const ledger = made.use(
      await openPostgresLedger({ url: database.urlOf(`imagedrop-${name}`), poolSize: 3, pollEvery: 500, log }),
    )
    const bus = made.use(await openBus(`imagedrop-${name}`))
    const now = () => new Date()
    const assembled = await nullAssemble(name)({ ...house, stateFolder, artifacts, log, now, env: {} })
    const shop = { services: await house.definitions(), ledger, bus, owner: `${name}/1/1`, stateFolder, now, log }
    const running = await runServices([assembled], {
      ...shop,
      onRefused: (refusal, service) => refusals.push({ service, refusal }),
    })
    if (name === 'scheduler') ({ takeIn } = running.voiceOf(name))
    made.defer(() => running.stop(1_000))
  }
  const ledger = made.use(await openPostgresLedger({ url: database.urlOf('jane'), poolSize: 2, log }))
  const all = made.move()
  return { ledger, takeIn, refusals, openBus, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

async function openBusOf(url: string, log: Logger): Promise<Bus> {
  if (url.startsWith('amqp')) return await openAmqpBus({ url, passive: true, log })
  return await openNatsBus({ servers: [url], log })
}
