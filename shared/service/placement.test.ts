import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { JobProgress } from '#bus/bus.ts'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import { say } from '#events/define.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageRequested } from '#events/image-requested.ts'
import type { Capacity, Needs } from '#ledger/needs.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { bindService } from './bind.ts'
import { defineService } from './define.ts'
import { runServices } from './run.ts'
import { speaker } from './testing/speaker.ts'

const host: Capacity = {
  host: 'one',
  cores: 2,
  memoryMib: 4_000,
  diskMib: 4_000,
  kvm: false,
  root: false,
  architectures: ['x86_64'],
}

/** Two services whose jobs run until they are let go, on one host. */
async function setUp(needs: Needs, now = () => new Date()) {
  const stateFolder = await mkdtemp(join(tmpdir(), 'imagedrop-placement-'))
  const bus = createMemoryBus()
  const ledger = await openSqliteLedger(stateFolder)
  const capacity = () => Promise.resolve(host)
  const runtime = { ledger, bus, owner: 'test', stateFolder, now, capacity, log: pino({ level: 'silent' }) }
  const running: (() => void)[] = []
  const service = (name: string) => {
    const definition = defineService({
      name,
      consumes: [imageRequested],
      emits: [imageBuilt],
      needs: () => needs,
      handle: () => {
        const { promise, resolve } = Promise.withResolvers<[]>()
        running.push(() => {
          resolve([])
        })
        return promise
      },
    })
    return { service: bindService(definition, null, { concurrency: 8 }) }
  }
  const shown: JobProgress[] = []
  const watching = bus.watch((one) => shown.push(one))
  const all = [service('builder'), service('converter'), { service: bindService(speaker, null) }]
  const services = await runServices(all, runtime)
  async function stop(): Promise<void> {
    const stopped = services.stop(10_000)
    for (const letGo of running) letGo()
    await stopped
  }
  const { say: speak } = services.voiceOf('scheduler')
  return {
    ledger,
    running,
    shown,
    ask: async (count: number) => {
      for (let index = 0; index < count; index += 1) await speak(say(imageRequested, imageRequested.example))
    },
    async startAgain(): Promise<AsyncDisposable> {
      const other = await runServices(all, { ...runtime, owner: 'other' }, () => true)
      return { [Symbol.asyncDispose]: () => other.stop(0) }
    },
    states: async () => (await ledger.jobs({})).map(({ state }) => state).toSorted(),
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      watching[Symbol.dispose]()
      await ledger[Symbol.asyncDispose]()
      await rm(stateFolder, { recursive: true })
    },
  }
}

it('runs as many jobs as the host has room for, and the next as soon as one of any service has ended', async () => {
  await using at = await setUp({ cores: 0.5 })
  await at.ask(3)
  await expect.poll(() => at.running.length, { timeout: 10_000 }).toBe(4)
  expect(await at.states()).toEqual(['queued', 'queued', 'running', 'running', 'running', 'running'])
  at.running[0]?.()
  await expect.poll(() => at.running.length, { timeout: 10_000 }).toBe(5)
  expect(await at.states()).toEqual(['done', 'queued', 'running', 'running', 'running', 'running'])
})

it('says that it is there, and no more when it has stopped', async () => {
  await using at = await setUp({})
  const now = new Date()
  expect(await at.ledger.workers(now)).toEqual([
    { service: 'builder', owner: 'test', slots: 8, capacity: host },
    { service: 'converter', owner: 'test', slots: 8, capacity: host },
  ])
  await at.stop()
  expect(await at.ledger.workers(now)).toEqual([])
})

it('shows at a job that nobody can run what all workers lack', async () => {
  await using at = await setUp({ kvm: true })
  await at.ask(1)
  await expect.poll(() => at.states()).toEqual(['queued', 'queued'])
  expect(await at.ledger.unfit(new Date())).toMatchObject([
    { service: 'builder', reason: 'no worker has kvm', count: 1 },
    { service: 'converter', reason: 'no worker has kvm', count: 1 },
  ])
  await using again = await at.startAgain()
  expect(again).toBeDefined()
  expect(at.shown).toContainEqual(
    expect.objectContaining({ service: 'builder', state: 'waiting', phase: 'no worker has kvm' }),
  )
})

it('looks at a time of its own each time, though the clock stands still', async () => {
  const start = new Date()
  await using at = await setUp({ cores: 0.5 }, () => start)
  await at.ask(2)
  await expect.poll(() => at.running.length, { timeout: 10_000 }).toBe(4)
  const builds = (await at.ledger.jobs({ service: 'builder' })).map(({ startedAt }) => startedAt?.getTime())
  expect(new Set(builds).size).toBe(2)
})
