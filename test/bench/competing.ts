import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { createFolderStore } from '#artifacts/folder.ts'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import type { Bus } from '#bus/bus.ts'
import { openPostgresLedger } from '#ledger/postgres/open.ts'
import { runServices } from '#service/run.ts'
import { house } from '#test/support/house.ts'
import { cpuSecondsOfTree } from '../processes/cpu-time.ts'
import { requestOf } from '../processes/infrastructure.ts'
import { log, provideLedgerServer } from './ledger-server.ts'
import { nullAssemble } from './null-services.ts'

/** How many drops are on their way at a time, for each runtime of a service. */
const windowOfEach = 8
const warmUp = 12
/** PostgreSQL counts a commit a second late. */
const countTime = 1_500

/** What one null drop costs when so many runtimes of each service compete for its jobs. */
export interface CompetingCost {
  readonly perSecond: number
  /** Processor milliseconds a drop. */
  readonly ours: number
  readonly database: number
  readonly commits: number
}

/**
 * Null drops through `each` runtimes of every service, each with a ledger of its own as a process has it, but all in this
 * process and on one bus: what is measured is how they share the ledger, without the cost of starting many processes.
 */
export async function measureCompeting(each: number, drops: number): Promise<CompetingCost> {
  await using held = new AsyncDisposableStack()
  const state = await mkdtemp(join(tmpdir(), 'imagedrop-bench-'))
  held.defer(() => rm(state, { recursive: true }))
  const { server, url } = held.use(await provideLedgerServer())
  const bus = createMemoryBus()
  for (let index = 0; index < each; index += 1) held.use(await startRuntimes({ url, bus, state, index }))
  const client = new Client(url)
  await client.connect()
  held.defer(() => client.end())
  const commits = async () => {
    await sleep(countTime)
    const { rows } = await client.query<{ commits: number }>(
      'select xact_commit::int as commits from pg_stat_database where datname = current_database()',
    )
    return rows[0]?.commits ?? 0
  }

  const operator = held.use(await openPostgresLedger({ url, poolSize: 1, log }))
  const ask = (n: number) => operator.say(requestOf(n, join(state, 'compose')), new Date())
  await runDrops(bus, ask, { first: 0, drops: warmUp, window: warmUp })
  const before = { commits: await commits(), database: await cpuSecondsOfTree(server.place.folder) }
  const own = process.cpuUsage()
  const began = performance.now()
  await runDrops(bus, ask, { first: warmUp, drops, window: windowOfEach * each })
  const seconds = (performance.now() - began) / 1_000
  const { user, system } = process.cpuUsage(own)
  const database = (await cpuSecondsOfTree(server.place.folder)) - before.database
  return {
    perSecond: Math.round((drops / seconds) * 10) / 10,
    ours: Math.round((user + system) / 1_000 / drops),
    database: Math.round((database * 1_000) / drops),
    commits: Math.round(((await commits()) - before.commits) / drops),
  }
}

interface RuntimeOptions {
  readonly url: string
  readonly bus: Bus
  readonly state: string
  readonly index: number
}

/** One runtime of each service. */
async function startRuntimes({ url, bus, state, index }: RuntimeOptions): Promise<AsyncDisposableStack> {
  const now = () => new Date()
  const artifacts = await createFolderStore(join(state, 'artifacts'))
  await mkdir(join(state, 'compose'), { recursive: true })
  const host = {
    ...house,
    stateFolder: state,
    artifacts,
    log,
    now,
    env: { IMAGEDROP_SCHEDULER_ALLOWED_LOCATIONS: state },
  }
  const all = await Promise.all(house.names.map((name) => nullAssemble(name)(host)))
  const services = all.map(({ service }) => service)
  await using started = new AsyncDisposableStack()
  for (const one of all) {
    const ledger = started.use(await openPostgresLedger({ url, poolSize: 3, log }))
    const owner = `${one.service.name} ${String(index)}`
    const running = await runServices([one], { ledger, bus, owner, stateFolder: state, now, log, services })
    started.defer(() => running.stop(1_000))
  }
  return started.move()
}

interface Stretch {
  readonly first: number
  readonly drops: number
  readonly window: number
}

/** Keeps `window` drops on their way until all are announced. */
async function runDrops(
  bus: Bus,
  request: (n: number) => Promise<void>,
  { first, drops, window }: Stretch,
): Promise<void> {
  let [sent, announced] = [0, 0]
  const over = Promise.withResolvers<void>()
  const ask = async () => {
    sent += 1
    await request(first + sent)
  }
  await using _subscription = await bus.subscribe({
    service: 'bench',
    subjects: ['drop.announced.v1'],
    deliver: async (envelopes) => {
      announced += envelopes.length
      if (announced >= drops) over.resolve()
      await Promise.all(envelopes.slice(0, drops - sent).map(ask))
    },
  })
  await Promise.all(Array.from({ length: Math.min(window, drops) }, ask))
  await over.promise
}
