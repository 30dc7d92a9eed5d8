import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished } from 'vitest'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import { say } from '#events/define.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imageRequested } from '#events/image-requested.ts'
import { kojiTaskChanged } from '#events/koji.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { bindService } from '../bind.ts'
import { defineService, type Context, type Result, type Waited } from '../define.ts'
import { measureAttempt } from '../metrics.ts'
import { runServices } from '../run.ts'
import { speaker } from './speaker.ts'

export type Job = Context & { readonly waited?: Waited<typeof kojiTaskChanged> }
type Handle = (job: Job) => Promise<Result<ReturnType<typeof built>>>

export const { drop } = imageRequested.example
export const request = say(imageRequested, imageRequested.example)
export const built = () => say(imageBuilt, imageBuilt.example)
export const cancelled = say(dropCancelled, { drop, by: 'somebody' })
export const done = (): Promise<Result<ReturnType<typeof built>>> => Promise.resolve({ events: [built()] })
export const hour = 3_600_000
/** What wakes a job that waits for a task. */
export const taskClosed = (id: number) =>
  seal(say(kojiTaskChanged, { ...kojiTaskChanged.example, id, new: 'CLOSED' }), { now: new Date() })

/** Waits for a Koji task, and ends when it is woken. */
export function untilTask(id: number, { until = new Date(Date.now() + hour) } = {}): Handle {
  return ({ waited }) =>
    waited
      ? done()
      : Promise.resolve({ events: [], wait: { for: `task ${String(id)}`, until, reason: 'a task', state: { id } } })
}

/** A folder for a ledger, which goes when the test has finished. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-waiting-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

/** A builder with the given handler, at work on the ledger of a folder. */
export async function setUp(folder: string, handle: Handle, abandon?: (job: Job) => Promise<void>) {
  const bus = createMemoryBus()
  const ledger = await openSqliteLedger(folder)
  const lines: { msg: string }[] = []
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as { msg: string }) })
  const definition = defineService({
    name: 'builder',
    consumes: [imageRequested],
    wakes: [
      {
        event: kojiTaskChanged,
        keyOf: ({ id, new: state }) => (state === 'CLOSED' ? `task ${String(id)}` : null),
      },
    ],
    emits: [imageBuilt, imageFailed],
    retry: { attempts: 3, firstDelay: 5, maxDelay: 10 },
    handle: (_event, _dependencies: null, context) => handle(context),
    abandon: async (_event, _dependencies, context) => await abandon?.(context),
  })
  const runtime = {
    ledger,
    bus,
    owner: 'test',
    stateFolder: folder,
    now: () => new Date(),
    log,
    watchAttempt: measureAttempt,
  }
  const bound = bindService(definition, null)
  const service = abandon ? bound : { ...bound, abandon: null }
  const running = await runServices([{ service }, { service: bindService(speaker, null) }], runtime)
  const job = async () => (await ledger.jobs({ service: 'builder' }))[0]
  return {
    ...running,
    say: running.voiceOf('scheduler').say,
    ledger,
    bus,
    lines,
    job,
    /** Resolves when the builder's first job is in this state. */
    async is(state: string): Promise<void> {
      await expect.poll(async () => (await job())?.state, { timeout: 10_000, interval: 10 }).toBe(state)
    },
    said: async (subject: string) => (await ledger.events({ subject })).map((row) => row.envelope),
    async [Symbol.asyncDispose]() {
      await running.stop(0)
      await ledger[Symbol.asyncDispose]()
    },
  }
}
