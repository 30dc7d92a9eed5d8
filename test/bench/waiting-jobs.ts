import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageRequested } from '#events/image-requested.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { migratePostgres } from '#ledger/postgres/migrate.ts'
import { openPostgresLedger } from '#ledger/postgres/open.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { providePostgres } from '../brokers/postgres.ts'
import { measureNullDrops } from './null-drops.ts'
import { measureStart } from './start.ts'

/** A figure with no waiting job in the ledger, and with many. */
interface Pair {
  readonly none: number
  readonly many: number
}

export interface WaitingCost {
  readonly name: string
  readonly figures: Readonly<Record<string, Pair>>
}

const log = pino({ level: 'silent' })
const rounds = 400
const drops = 20
const turns = 3
/** Nothing wakes them while we look. */
const farAway = new Date('2999-01-01')

/** What the waiting of many jobs of the builder costs those that work, on both ledgers. */
export async function measureWaiting(jobs: number): Promise<WaitingCost[]> {
  return [await onSqlite(jobs), await onPostgres(jobs)]
}

async function onSqlite(jobs: number): Promise<WaitingCost> {
  const root = await mkdtemp(join(tmpdir(), 'imagedrop-bench-'))
  const folders = { none: join(root, 'none'), many: join(root, 'many') }
  {
    await using none = await openSqliteLedger(folders.none)
    await using many = await openSqliteLedger(folders.many)
    await none.ping()
    await letWait(many, jobs)
  }
  // Copies: what is measured leaves something behind.
  const copyOf = async (of: keyof Pair, to: string) => {
    await cp(folders[of], to, { recursive: true })
    return to
  }
  const open = async (of: keyof Pair, state: string) => await openSqliteLedger(await copyOf(of, join(state, 'ledger')))
  const calls = await measureCalls((of) => open(of, join(root, 'calls', of)))
  const figures = {
    ...calls,
    ...(await inPairs((of) => measureNullDrops(drops, (state) => open(of, state)))),
    ...(await inPairs((of) => measureStart(async (state) => void (await copyOf(of, join(state, 'ledger')))))),
  }
  await rm(root, { recursive: true })
  return { name: 'SQLite', figures }
}

async function onPostgres(jobs: number): Promise<WaitingCost> {
  await using server = await providePostgres()
  const urls = { none: await server.createDatabase(), many: await server.createDatabase() }
  for (const url of Object.values(urls)) await migratePostgres({ url, log })
  {
    await using many = await openPostgresLedger({ url: urls.many, log })
    await letWait(many, jobs)
  }
  await server.administer('vacuum analyze', urls.many)
  const open = async (of: keyof Pair) =>
    await openPostgresLedger({ url: await server.createDatabase({ like: urls[of] }), log })
  const calls = await measureCalls(open)
  return {
    name: 'PostgreSQL',
    figures: { ...calls, ...(await inPairs((of) => measureNullDrops(drops, () => open(of)))) },
  }
}

/** Lets jobs wait as the runtime does, each for a thing of its own. */
export async function letWait(ledger: Ledger, count: number): Promise<void> {
  const atOnce = 100
  for (let first = 0; first < count; first += atOnce) {
    const now = new Date()
    await ledger.accept(
      'builder',
      Array.from({ length: Math.min(atOnce, count - first) }, () => delivery()),
      now,
    )
    const leased = await ledger.lease('builder', { owner: 'bench', now, until: farAway, limit: atOnce })
    await Promise.all(
      leased.map(({ id }) =>
        ledger.park(
          id,
          'bench',
          { for: `task ${String(id)}`, until: farAway, reason: 'a task', state: { task: id }, events: [] },
          now,
        ),
      ),
    )
  }
}

/** What a dispatcher asks, by turns on the one ledger and the other, so that what else the machine does falls on both. */
async function measureCalls(open: (of: keyof Pair) => Promise<Ledger>): Promise<Record<string, Pair>> {
  await using none = await open('none')
  await using many = await open('many')
  const times = { none: new Map<string, number[]>(), many: new Map<string, number[]>() }
  for (let round = 0; round < rounds; round += 1) {
    for (const [which, ledger] of [['none', none] as const, ['many', many] as const]) {
      const time = async <Result>(what: string, call: () => Promise<Result>): Promise<Result> => {
        const began = performance.now()
        const result = await call()
        const known = times[which].get(what) ?? []
        times[which].set(what, [...known, performance.now() - began])
        return result
      }
      const now = new Date()
      await ledger.accept('builder', [delivery()], now)
      const options = { owner: 'bench', now, until: farAway, limit: 4 }
      const [job] = await time('lease', () => ledger.lease('builder', options))
      await ledger.finish(job?.id ?? 0, 'bench', { state: 'done', events: [] }, now)
      await time('lease of nothing', () => ledger.lease('builder', options))
      await time('nextDue', () => ledger.nextDue('builder', now))
      await time('backlog', () => ledger.backlog(now))
    }
  }
  const figures = (of: keyof Pair, share: number, what: string) => percentile(times[of].get(what) ?? [], share)
  return Object.fromEntries(
    [...times.none.keys()].flatMap((what) =>
      [50, 95].map((share) => [
        `${what}, p${String(share)} ms`,
        { none: figures('none', share, what), many: figures('many', share, what) },
      ]),
    ),
  )
}

/** Three times by turns; the median of each figure. */
async function inPairs(measure: (of: keyof Pair) => Promise<Record<string, number>>): Promise<Record<string, Pair>> {
  const found = { none: [] as Record<string, number>[], many: [] as Record<string, number>[] }
  for (let turn = 0; turn < turns; turn += 1) {
    for (const which of ['none', 'many'] as const) found[which].push(await measure(which))
  }
  const median = (of: keyof Pair, what: string) =>
    percentile(
      found[of].map((figures) => figures[what] ?? 0),
      50,
    )
  const names = Object.keys(found.none[0] ?? {})
  return Object.fromEntries(names.map((what) => [what, { none: median('none', what), many: median('many', what) }]))
}

/** The value below which so many of a hundred lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return Math.round((sorted[Math.floor(((sorted.length - 1) * share) / 100)] ?? 0) * 1_000) / 1_000
}

/** An event for the builder. */
export function delivery() {
  const envelope = seal(say(imageRequested, imageRequested.example), { now: new Date() })
  return { envelope, key: null, wanted: true, endsWork: false }
}
