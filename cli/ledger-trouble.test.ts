import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { LedgerAway } from '#ledger/ledger.ts'
import { migratePostgres } from '#ledger/postgres/migrate.ts'
import { providePostgres } from '#test/brokers/postgres.ts'
import { startTcpProxy } from '#test/brokers/tcp-proxy.ts'
import { createLedgerNotice } from './ledger-notice.ts'

const program = join(import.meta.dirname, 'imagedrop.js')
let state: string
let file: string
const started: ChildProcess[] = []
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'imagedrop-trouble-'))
  file = join(state, 'ledger', 'ledger.sqlite')
})
afterEach(async () => {
  // A test that fails leaves its process behind.
  for (const child of started.splice(0)) child.kill('SIGKILL')
  await rm(state, { recursive: true, force: true, maxRetries: 3 })
})

/** Starts the real command and waits until it works. */
async function startService(env: Record<string, string> = {}) {
  const child = spawn(program, ['serve', 'announcer', '--port', '0', '--state', state], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  const stderr = text(child.stderr)
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = once(child, 'exit') as Promise<[number | null]>
  const isUp = async () => {
    while (!said.includes('"listening"')) await sleep(50)
  }
  await Promise.race([isUp(), ended])
  return {
    stderr,
    ended: ended.then(([status]) => status),
    url: () => /"url":"([^"]+)"/.exec(said)?.[1] ?? '',
    /** Milliseconds from SIGTERM to the end. */
    async stop() {
      const start = performance.now()
      child.kill('SIGTERM')
      const status = (await ended)[0]
      return { status, milliseconds: performance.now() - start }
    },
  }
}

it('a service stops in ten seconds although its PostgreSQL does not answer', async () => {
  await using server = await providePostgres()
  const url = await server.createDatabase()
  await migratePostgres({ url, log: pino({ level: 'silent' }) })
  await using proxy = await startTcpProxy(Number(new URL(url).port))
  const service = await startService({ IMAGEDROP_LEDGER_URL: proxy.url(url) })
  proxy.stall()
  // Somebody asks whether it is ready, and waits for the ledger as well.
  const asked = fetch(`${service.url()}/ready`).catch(() => null)
  const { status, milliseconds } = await service.stop()
  await asked
  expect(status).toBe(0)
  expect(milliseconds).toBeLessThan(10_000)
})

it('a service stops in ten seconds although another process holds its SQLite file', async () => {
  const service = await startService()
  const other = new DatabaseSync(file)
  other.exec('begin immediate')
  // It is woken, and tries to take a job.
  await utimes(join(state, 'ledger', 'wake'), new Date(), new Date())
  const { status, milliseconds } = await service.stop()
  other.close()
  expect(status).toBe(0)
  expect(milliseconds).toBeLessThan(10_000)
})

it('a service whose ledger is damaged under it ends with one line that names the file and says what to do', async () => {
  const service = await startService()
  const other = new DatabaseSync(file)
  other.exec('pragma user_version = 1; pragma wal_checkpoint(truncate)')
  await writeFile(file, (await readFile(file)).fill(7, 100))
  // What the service has read before it reads again only when somebody has written.
  other.exec('pragma user_version = 2')
  other.close()
  await utimes(join(state, 'ledger', 'wake'), new Date(), new Date())
  expect(await service.ended).toBe(1)
  expect(await service.stderr).toMatch(
    /^imagedrop: the ledger \S+ is broken \([^)]+\): stop all processes that use it, .*\n$/,
  )
})

it.each([
  ['status'],
  ['bless', 'weekly-Debian-12-20261121.n.0', '--by', 'somebody'],
  ['up', '--port', '0'],
  ['migrate'],
])('%s on a file that is no database ends with that line', async (...args) => {
  await mkdir(join(state, 'ledger'))
  await writeFile(file, 'no database'.repeat(1_000))
  const child = spawn(program, [...args, '--state', state], { stdio: ['ignore', 'ignore', 'pipe'] })
  started.push(child)
  const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, 'exit')])
  expect(stderr).toMatch(
    /^imagedrop: the ledger \S+ is broken \(file is not a database\): stop all processes that use it, .*\n$/,
  )
  expect(status).toBe(1)
})

it('a question to a PostgreSQL that is down is told so at once, and can be ended', async () => {
  const child = spawn(program, ['status', '--state', state], {
    env: { ...process.env, IMAGEDROP_LEDGER_URL: 'postgres://nobody:secret@127.0.0.1:9/imagedrop' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  started.push(child)
  const [line] = (await once(child.stderr, 'data')) as [Buffer]
  expect(line.toString()).toBe(
    'imagedrop: the ledger 127.0.0.1:9/imagedrop does not answer: connect ECONNREFUSED 127.0.0.1:9; waiting\n',
  )
  child.kill('SIGTERM')
  await once(child, 'exit')
})

it('who waits is told that the ledger is away, that it is back, and is let go when it stays away', async () => {
  vi.useFakeTimers()
  const told: string[] = []
  const { onAway, tooLong } = createLedgerNotice((line) => told.push(line), 1_000)
  onAway('the ledger is full')
  await vi.advanceTimersByTimeAsync(900)
  onAway(null)
  await vi.advanceTimersByTimeAsync(900)
  onAway('the ledger is full')
  await vi.advanceTimersByTimeAsync(1_100)
  vi.useRealTimers()
  expect(told).toEqual([
    'the ledger is full; the work waits, and goes on by itself',
    'the ledger is back, the work goes on',
    'the ledger is full; the work waits, and goes on by itself',
  ])
  await expect(tooLong).rejects.toThrow(LedgerAway)
  await expect(tooLong).rejects.toThrow('the ledger is full; the next run goes on from the finished steps')
})
