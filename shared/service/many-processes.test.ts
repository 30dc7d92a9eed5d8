import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageRequested } from '#events/image-requested.ts'
import { migratePostgres } from '#ledger/postgres/migrate.ts'
import { openPostgresLedger } from '#ledger/postgres/open.ts'
import { providePostgres, type PostgresServer } from '#test/brokers/postgres.ts'
import { bindService } from './bind.ts'
import { defineService } from './define.ts'
import { TransientError } from './errors.ts'
import { runServices } from './run.ts'

const log = pino({ level: 'silent' })
let server: PostgresServer
let url: string
let stateFolder: string

beforeAll(async () => {
  server = await providePostgres()
  url = await server.createDatabase()
  await migratePostgres({ url, log })
  stateFolder = await mkdtemp(join(tmpdir(), 'imagedrop-many-'))
}, 120_000)
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(stateFolder, { recursive: true })
})

it('leaves what one process has no room for to others that are free, without their asking', async () => {
  const at: string[] = []
  const allBegan = Promise.withResolvers<void>()
  const mayEnd = Promise.withResolvers<void>()
  const handle = async (process: string) => {
    at.push(process)
    if (at.length === 4) allBegan.resolve()
    await mayEnd.promise
  }
  await using first = await startProcess('first', handle)
  await using second = await startProcess('second', handle)
  await using third = await startProcess('third', handle)
  await using fourth = await startProcess('fourth', handle)
  // All come in at one process, which does one at a time.
  await first.bus.publish(Array.from({ length: 4 }, requested))
  await allBegan.promise
  expect(at.toSorted()).toEqual(['first', 'fourth', 'second', 'third'])
  for (const one of [second, third, fourth]) expect(one.leases()).toBeLessThan(10)
  mayEnd.resolve()
})

it('gives what a process puts back when it stops to one that is free', async () => {
  const at: string[] = []
  const began = Promise.withResolvers<void>()
  const beganAgain = Promise.withResolvers<void>()
  const handle = async (process: string, signal: AbortSignal) => {
    at.push(process)
    if (at.length > 1) return beganAgain.resolve()
    began.resolve()
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error)
      })
    })
  }
  await using first = await startProcess('first', handle)
  await using _second = await startProcess('second', handle)
  await first.bus.publish([requested()])
  await began.promise
  await first.stop(0)
  await beganAgain.promise
  expect(at).toEqual(['first', 'second'])
})

it('takes a job up again when it is due, also when the process that put it off is gone', async () => {
  const at: string[] = []
  const again = Promise.withResolvers<void>()
  /** Whoever is the first puts it off each time. */
  const handle = (process: string) => {
    at.push(process)
    if (process === at[0]) return Promise.reject(new TransientError('the mirror is busy'))
    again.resolve()
    return Promise.resolve()
  }
  await using one = await startProcess('one', handle)
  await using two = await startProcess('two', handle)
  await using three = await startProcess('three', handle)
  await one.bus.publish([requested()])
  await expect.poll(() => at.length, { timeout: 20_000 }).toBeGreaterThan(0)
  const first = { one, two, three }[at[0] ?? '']
  await first?.stop(0)
  await again.promise
  expect(at.slice(0, -1).every((process) => process === at[0])).toBe(true)
})

it('sends what a job has said without looking for it, and does not look ahead when nothing is left for later', async () => {
  await using process = await startProcess('one', () => Promise.resolve())
  const heard: string[] = []
  const subjects = [imageBuilt.subject]
  await using _subscription = await process.bus.subscribe({
    service: 'converter',
    subjects,
    deliver: (envelopes) => Promise.resolve(void heard.push(...envelopes.map(({ subject }) => subject))),
  })
  for (let count = 1; count <= 5; count += 1) {
    await process.bus.publish([requested()])
    await expect.poll(() => heard, { timeout: 20_000 }).toHaveLength(count)
    // As long as it takes to be quiet, and longer.
    await sleep(300)
  }
  // A process that has just started looks once or twice at each.
  const { outbox, ahead } = process.looks()
  expect(Math.max(outbox, ahead)).toBeLessThan(5)
})

/** A builder in a process of its own, which does one job at a time and looks for none by itself while a test runs. */
async function startProcess(owner: string, handle: (owner: string, signal: AbortSignal) => Promise<void>) {
  const ledger = await openPostgresLedger({ url, poolSize: 2, pollEvery: 600_000, log })
  let leases = 0
  const looks = { outbox: 0, ahead: 0 }
  const counted: typeof ledger = {
    ...ledger,
    async takeUnsent(...asked) {
      looks.outbox += 1
      return await ledger.takeUnsent(...asked)
    },
    async nextDue(...asked) {
      looks.ahead += 1
      return await ledger.nextDue(...asked)
    },
    async lease(...asked) {
      leases += 1
      return await ledger.lease(...asked)
    },
  }
  const builder = defineService({
    name: 'builder',
    consumes: [imageRequested],
    emits: [imageBuilt],
    retry: { firstDelay: 1_000 },
    handle: async (_event, _nothing, { signal }) => {
      await handle(owner, signal)
      return [say(imageBuilt, imageBuilt.example)]
    },
  })
  const bus = createMemoryBus()
  const runtime = { ledger: counted, bus, owner, stateFolder, now: () => new Date(), log }
  const running = await runServices([{ service: bindService(builder, null, { concurrency: 1 }) }], runtime)
  await expect.poll(() => leases, { timeout: 20_000 }).toBeGreaterThan(1)
  return {
    bus,
    leases: () => leases,
    looks: () => ({ ...looks }),
    stop: (grace: number) => running.stop(grace),
    async [Symbol.asyncDispose]() {
      await running.stop(0)
      await ledger[Symbol.asyncDispose]()
    },
  }
}

function requested() {
  return seal(say(imageRequested, imageRequested.example), { now: new Date() })
}
