import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import type { Ledger } from '#ledger/ledger.ts'
import { openPostgresLedger } from '#ledger/postgres/open.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { cpuSecondsOfTree } from '../processes/cpu-time.ts'
import { postgresHistory, sqliteHistory } from './history-database.ts'
import { addHistory } from './history.ts'
import { log, provideLedgerServer } from './ledger-server.ts'
import { measureNullDrops } from './null-drops.ts'
import type { Answer, Times, Told } from './taking-worker.ts'
import { letWait, percentile } from './waiting-jobs.ts'

const workers = 64
/** Jobs come in at one process after the other, several at once, as from a broker. */
const bursts = 50
const burst = 8
const burstEvery = 200
const turns = 2
/** What the past is copied from. */
const realDrops = 50
const realWaiting = 25
const patience = 60_000

/** What 64 workers see of a ledger that is young, and of one with a long past and many jobs that wait. */
export interface TakingCost {
  readonly name: string
  /** Jobs in the past, jobs that wait, and the seconds that it took to make them. */
  readonly past: { readonly jobs: number; readonly waiting: number; readonly seconds: number }
  readonly figures: Readonly<Record<string, { readonly young: number; readonly old: number }>>
}

/** Measures how long it takes to take a job on each ledger, with the past of so many drops and without, by turns. */
export async function* measureTaking(drops: number, ledgers: readonly string[]): AsyncGenerator<TakingCost> {
  for (const name of ledgers) yield await (name === 'sqlite' ? onSqlite(drops) : onPostgres(drops))
}

async function onPostgres(drops: number): Promise<TakingCost> {
  await using place = await provideLedgerServer()
  const { server, url: young } = place
  await live(() => openPostgresLedger({ url: young, log }))
  const old = await server.createDatabase({ like: young })
  const client = new Client(old)
  await client.connect()
  const began = performance.now()
  await addHistory(postgresHistory(client), { real: realDrops, drops })
  const seconds = (performance.now() - began) / 1_000
  const { rows } = await client.query<{ jobs: number; waiting: number }>(count)
  await client.end()
  const past = { jobs: Number(rows[0]?.jobs), waiting: Number(rows[0]?.waiting), seconds }
  // Processes of their own, as they are in earnest; in one, they would wait for each other.
  const figures = await byTurns({ young, old }, (url) => ({
    args: ['postgres', url],
    processes: 8,
    database: () => cpuSecondsOfTree(server.place.folder),
  }))
  return { name: 'PostgreSQL', past, figures }
}

async function onSqlite(drops: number): Promise<TakingCost> {
  const root = await mkdtemp(join(tmpdir(), 'imagedrop-bench-'))
  const [young, old] = [join(root, 'young'), join(root, 'old')]
  await live(() => openSqliteLedger(young))
  await cp(young, old, { recursive: true })
  const database = new DatabaseSync(join(old, 'ledger.sqlite'))
  const began = performance.now()
  await addHistory(sqliteHistory(database), { real: realDrops, drops })
  const seconds = (performance.now() - began) / 1_000
  const known = database.prepare(count).get() as { jobs: number; waiting: number }
  database.close()
  // One process: the database is within it, and has one writer at a time.
  const figures = await byTurns({ young, old }, (folder) => ({
    args: ['sqlite', folder],
    processes: 1,
    database: () => Promise.resolve(0),
  }))
  await rm(root, { recursive: true })
  return { name: 'SQLite', past: { ...known, seconds }, figures }
}

const count = `select count(*) as jobs, count(case when state = 'waiting' then 1 end) as waiting from jobs`

/** Real drops, and jobs that wait as the runtime lets them. */
async function live(open: () => Promise<Ledger>): Promise<void> {
  await measureNullDrops(realDrops, open)
  await using ledger = await open()
  await letWait(ledger, realWaiting)
}

interface Fleet {
  /** What each process is told of its ledger. */
  readonly args: readonly string[]
  readonly processes: number
  /** Processor seconds of the database until now. */
  readonly database: () => Promise<number>
}

type Which = 'young' | 'old'

async function byTurns(places: Readonly<Record<Which, string>>, fleetOn: (place: string) => Fleet) {
  const measured = { young: [] as Turn[], old: [] as Turn[] }
  for (let turn = 0; turn < turns; turn += 1) {
    for (const which of ['young', 'old'] as const) measured[which].push(await takeJobs(fleetOn(places[which])))
  }
  const figures = { young: figuresOf(measured.young), old: figuresOf(measured.old) }
  const names = Object.keys(figures.young) as (keyof typeof figures.young)[]
  return Object.fromEntries(names.map((name) => [name, { young: figures.young[name], old: figures.old[name] }]))
}

interface Turn {
  /** Of all processes. */
  readonly times: readonly Times[]
  readonly database: number
  /** Of the machine, when it ended. */
  readonly load: number
}

function figuresOf(all: readonly Turn[]) {
  const of = (what: Exclude<keyof Times, 'processor'>) => all.flatMap(({ times }) => times.flatMap((one) => one[what]))
  const [taken, inVain, started, ping, written] = [of('taken'), of('inVain'), of('started'), of('ping'), of('written')]
  const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0)
  const rounded = (value: number) => Math.round(value * 100) / 100
  const ours = sum(all.flatMap(({ times }) => times.map(({ processor }) => processor)))
  return {
    'taking a job, p50 ms': percentile(taken, 50),
    'taking a job, p95 ms': percentile(taken, 95),
    'asking for nothing, p50 ms': percentile(ping, 50),
    'asking for nothing, p95 ms': percentile(ping, 95),
    'writing one row, p50 ms': percentile(written, 50),
    'writing one row, p95 ms': percentile(written, 95),
    'from its event to its start, p50 ms': percentile(started, 50),
    'from its event to its start, p95 ms': percentile(started, 95),
    'looks in vain for each job': rounded(inVain.length / taken.length),
    'processor ms a job, ours': rounded(ours / taken.length),
    'processor ms a job, database': rounded((sum(all.map(({ database }) => database)) * 1_000) / taken.length),
    'load of the machine': rounded(sum(all.map(({ load }) => load)) / all.length),
  }
}

async function takeJobs({ args, processes, database }: Fleet): Promise<Turn> {
  let done = 0
  const all = Promise.withResolvers<void>()
  const onAnswer = (answer: Answer) => {
    if (answer === 'done') done += 1
    if (done === bursts * burst) all.resolve()
  }
  const start = async () => {
    const child = fork(join(import.meta.dirname, 'taking-worker.ts'), [...args, String(workers / processes)])
    child.once('exit', () => {
      all.reject(new Error('a worker ended before its jobs'))
    })
    child.on('message', onAnswer)
    await answerOf(child)
    return child
  }
  const children = await Promise.all(Array.from({ length: processes }, start))
  const before = await database()
  children.forEach((child) => tell(child, 'count'))
  for (let index = 0; index < bursts; index += 1) {
    const child = children[index % processes]
    if (child) tell(child, { accept: burst })
    await sleep(burstEvery)
  }
  await all.promise
  const used = (await database()) - before
  const [load = 0] = loadavg()
  const times = await Promise.all(children.map(timesOf))
  return { times, database: used, load }
}

async function timesOf(child: ChildProcess): Promise<Times> {
  tell(child, 'end')
  for (;;) {
    const answer = await answerOf(child)
    if (typeof answer === 'string') continue
    child.disconnect()
    return answer.times
  }
}

async function answerOf(child: ChildProcess): Promise<Answer> {
  const over = new AbortController()
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(patience)])
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`a worker ended with ${String(code)}`)
  })
  const answered = once(child, 'message', { signal }) as Promise<[Answer]>
  const [answer] = await Promise.race([answered, ended]).finally(() => {
    over.abort()
  })
  return answer
}

function tell(child: ChildProcess, told: Told): void {
  child.send(told)
}
