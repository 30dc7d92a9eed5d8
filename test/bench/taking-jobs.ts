import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import { imageRequested } from '#events/image-requested.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { openPostgresLedger } from '#ledger/postgres/open.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { bindService } from '#service/bind.ts'
import { defineService } from '#service/define.ts'
import { createDispatcher } from '#service/dispatcher.ts'
import { addHistory } from './history.ts'
import { log, provideLedgerServer } from './ledger-server.ts'
import { measureNullDrops } from './null-drops.ts'
import { delivery, letWait, percentile } from './waiting-jobs.ts'

const workers = 64
/** Jobs come in at one process after the other, several at once, as from a broker. */
const bursts = 50
const burst = 8
const burstEvery = 200
const stepTime = 50
const turns = 2
/** What the past is copied from. */
const realDrops = 50
const realWaiting = 20

/** What 64 workers see of a ledger that is young, and of one with a long past and many jobs that wait. */
export interface TakingCost {
  readonly name: string
  /** Jobs in the past, and jobs that wait. */
  readonly past: { readonly jobs: number; readonly waiting: number }
  readonly figures: Readonly<Record<string, { readonly young: number; readonly old: number }>>
}

/** Measures how long it takes to take a job on both ledgers, with the past of so many drops and without, by turns. */
export async function* measureTaking(drops: number): AsyncGenerator<TakingCost> {
  yield await onPostgres(drops)
  yield await onSqlite(drops)
}

async function onPostgres(drops: number): Promise<TakingCost> {
  await using place = await provideLedgerServer()
  const { server, url: young } = place
  await live(() => openPostgresLedger({ url: young, log }))
  const old = await server.createDatabase({ like: young })
  const client = new Client(old)
  await client.connect()
  await addHistory((text) => client.query(text), { real: realDrops, drops })
  await client.query('vacuum analyze')
  const { rows } = await client.query<{ jobs: number; waiting: number }>(count)
  await client.end()
  const open = (url: string) => () => openPostgresLedger({ url, poolSize: 1, log })
  const figures = await byTurns({ young: open(young), old: open(old) })
  return { name: 'PostgreSQL', past: { jobs: Number(rows[0]?.jobs), waiting: Number(rows[0]?.waiting) }, figures }
}

async function onSqlite(drops: number): Promise<TakingCost> {
  const root = await mkdtemp(join(tmpdir(), 'imagedrop-bench-'))
  const [young, old] = [join(root, 'young'), join(root, 'old')]
  await live(() => openSqliteLedger(young))
  await cp(young, old, { recursive: true })
  const database = new DatabaseSync(join(old, 'ledger.sqlite'))
  await addHistory((text) => Promise.resolve(database.exec(text)), { real: realDrops, drops })
  const past = database.prepare(count).get() as { jobs: number; waiting: number }
  database.close()
  const figures = await byTurns({ young: () => openSqliteLedger(young), old: () => openSqliteLedger(old) })
  await rm(root, { recursive: true })
  return { name: 'SQLite', past, figures }
}

const count = `select count(*) as jobs, count(case when state = 'waiting' then 1 end) as waiting from jobs`

/** Real drops, and jobs that wait as the runtime lets them. */
async function live(open: () => Promise<Ledger>): Promise<void> {
  await measureNullDrops(realDrops, open)
  await using ledger = await open()
  await letWait(ledger, realWaiting)
}

async function byTurns(open: { young: () => Promise<Ledger>; old: () => Promise<Ledger> }) {
  const times = { young: emptyTimes(), old: emptyTimes() }
  for (let turn = 0; turn < turns; turn += 1) {
    for (const which of ['young', 'old'] as const) await takeJobs(open[which], times[which])
  }
  const figures = { young: figuresOf(times.young), old: figuresOf(times.old) }
  const names = Object.keys(figures.young) as (keyof typeof figures.young)[]
  return Object.fromEntries(names.map((name) => [name, { young: figures.young[name], old: figures.old[name] }]))
}

/** In milliseconds: the leases that gave a job, those that gave none, and from the event to the start of the step. */
type Times = ReturnType<typeof emptyTimes>

function emptyTimes() {
  return { taken: [] as number[], inVain: [] as number[], started: [] as number[] }
}

function figuresOf({ taken, inVain, started }: Times) {
  return {
    'taking a job, p50 ms': percentile(taken, 50),
    'taking a job, p95 ms': percentile(taken, 95),
    'from its event to its start, p50 ms': percentile(started, 50),
    'from its event to its start, p95 ms': percentile(started, 95),
    'looks in vain for each job': Math.round((inVain.length / taken.length) * 100) / 100,
  }
}

async function takeJobs(open: () => Promise<Ledger>, times: Times): Promise<void> {
  const came = new Map<string, number>()
  let done = 0
  let isWarm = false
  const all = Promise.withResolvers<void>()
  const builder = defineService({
    name: 'builder',
    consumes: [imageRequested],
    emits: [],
    async handle({ id }) {
      times.started.push(performance.now() - (came.get(id) ?? 0))
      await sleep(stepTime)
      done += 1
      if (done === bursts * burst) all.resolve()
      return []
    },
  })
  const ledgers = await Promise.all(Array.from({ length: workers }, open))
  const dispatchers = ledgers.map((ledger, index) => {
    const runtime = {
      ledger: timed(ledger, (jobs, time) => {
        if (isWarm) (jobs > 0 ? times.taken : times.inVain).push(time)
      }),
      bus: createMemoryBus(),
      owner: `worker ${String(index)}`,
      stateFolder: tmpdir(),
      now: () => new Date(),
      log,
    }
    const dispatcher = createDispatcher(runtime, bindService(builder, null, { concurrency: 1 }), all.reject)
    ledger.watch((where) => {
      dispatcher.wake(where)
    })
    dispatcher.wake('anywhere')
    return dispatcher
  })
  // All have looked, and are free.
  await sleep(1_000)
  isWarm = true
  for (let index = 0; index < bursts; index += 1) {
    const deliveries = Array.from({ length: burst }, delivery)
    for (const { envelope } of deliveries) came.set(envelope.id, performance.now())
    await ledgers[index % workers]?.accept('builder', deliveries, new Date())
    await sleep(burstEvery)
  }
  await all.promise
  await Promise.all(dispatchers.map((one) => one.stop(1_000)))
  await Promise.all(ledgers.map((ledger) => ledger[Symbol.asyncDispose]()))
}

function timed(ledger: Ledger, onLease: (jobs: number, time: number) => void): Ledger {
  return {
    ...ledger,
    async lease(...asked) {
      const began = performance.now()
      const jobs = await ledger.lease(...asked)
      onLease(jobs.length, performance.now() - began)
      return jobs
    },
  }
}
