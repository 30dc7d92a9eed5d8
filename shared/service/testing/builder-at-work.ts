import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import type { Bus } from '#bus/bus.ts'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import { say } from '#events/define.ts'
import type { EnvelopeOf } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imageRequested } from '#events/image-requested.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { bindService } from '../bind.ts'
import { defineService, type Context } from '../define.ts'
import { runServices } from '../run.ts'
import { speaker } from './speaker.ts'

type Handle = (
  event: EnvelopeOf<typeof imageRequested>,
  dependencies: null,
  context: Context & { state: unknown },
) => Promise<never[] | { events: never[]; state: unknown } | ReturnType<typeof built>[]>

export const { drop } = imageRequested.example
export const built = () => say(imageBuilt, imageBuilt.example)
export const request = say(imageRequested, imageRequested.example)

/** A builder with the given handler, at work on a fresh ledger. */
export async function setUp(
  handle: Handle,
  { keyed = false, concurrency = 1, wrap = (ledger: Ledger): Ledger => ledger, wrapBus = (bus: Bus): Bus => bus } = {},
) {
  const stateFolder = await mkdtemp(join(tmpdir(), 'imagedrop-run-'))
  const bus = wrapBus(createMemoryBus())
  const ledger = wrap(await openSqliteLedger(stateFolder))
  const definition = defineService({
    name: 'builder',
    consumes: [imageRequested],
    emits: [imageBuilt, imageFailed],
    retry: { attempts: 3, firstDelay: 10, maxDelay: 20 },
    ...(keyed ? { keyOf: () => 'one' } : {}),
    handle,
  })
  const runtime = { ledger, bus, owner: 'test', stateFolder, now: () => new Date(), log: pino({ level: 'silent' }) }
  const running = await runServices(
    [{ service: bindService(definition, null, { concurrency }) }, { service: bindService(speaker, null) }],
    runtime,
  )
  return {
    ledger,
    bus,
    stateFolder,
    ...running,
    say: running.voiceOf('scheduler').say,
    said: async (subject: string) => (await ledger.events({ subject })).map((row) => row.envelope),
    states: async () => (await ledger.jobs({ service: 'builder' })).map((job) => job.state),
    async [Symbol.asyncDispose]() {
      await running.stop(0)
      await ledger[Symbol.asyncDispose]()
      await rm(stateFolder, { recursive: true })
    },
  }
}

/** Waits until something is so; ten seconds at most. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + 10_000
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within 10 s: ${String(condition)}`)
    await sleep(5)
  }
}
