import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serialize } from 'node:v8'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Progress } from '#bus/bus.ts'
import type { WaitFor } from '#service/define.ts'
import { formatDescription } from '../describe-build.ts'
import { requestsOf } from './engine.contract.ts'
import type { Built, EngineContext, EngineDeclaration } from './engine.ts'
import type { RemoteScene, RemoteStandIn, RemoteWork } from './testing/remote-stand-in.ts'
import type { RunOrder } from './testing/run-engine.ts'

const limits = { deadline: 60_000, idleDeadline: 60_000 }
const month = 30 * 24 * 3_600_000

/** What every engine promises that has a service elsewhere build, whatever becomes of that. A stand-in plays the service. */
export function remoteContract(
  name: string,
  folder: string,
  declaration: EngineDeclaration,
  standIn: RemoteStandIn,
): void {
  describe(`the engine ${name} and its service`, () => {
    let scene: Awaited<ReturnType<typeof createScene>>
    beforeEach(async () => {
      scene = await createScene(name, folder, declaration, await standIn.open())
    })
    afterEach(() => scene[Symbol.asyncDispose]())

    it('orders once, waits without holding anything, and has the disk when it is made', async () => {
      const first = await scene.waits()
      expect(JSON.stringify(first.state).length).toBeLessThan(4096)
      expect(first.until.getTime()).toBeGreaterThan(Date.now())
      const second = await scene.waits(first)
      expect(scene.remote.orders()).toEqual({ all: 1, open: 1 })
      await scene.remote.work('well')
      await scene.build(second)
      const done = scene.progress.flatMap((step) => (step.unit === 'steps' ? (step.done ?? []) : []))
      expect(done).toEqual(done.toSorted((one, other) => one - other))
      expect(scene.remote.orders()).toEqual({ all: 1, open: 0 })
    })

    it('tells how it had an image made, the same text as often as it is asked, without what logs it in', async () => {
      const wait = await scene.waits()
      await scene.remote.work('well')
      const told = scene.describe(await scene.build(wait))
      expect(scene.describe(await scene.build(wait))).toBe(told)
      expect(told.match(/^==> .+ <==\n.+/gm)?.length).toBeGreaterThan(1)
      for (const secret of scene.remote.secrets) expect(told).not.toContain(secret)
      expect(told).not.toContain(scene.folder)
    })

    it.each<RemoteWork>([
      'ends well without an image',
      'makes an image and fails',
      'makes a text',
      'makes a qcow2 under the name of a raw disk',
    ])('takes nothing of a service that %s', async (how) => {
      const wait = await scene.waits()
      await scene.remote.work(how)
      const error = await scene.build(wait).catch((thrown: unknown) => thrown)
      expect(scene.engine.classify(error)).toMatch(/^(recipe|environment)$/)
    })

    it('ends what it ordered, as often as it is told to, whether it knows of it or not', async () => {
      const wait = await scene.waits()
      for (const waited of [wait.state, wait.state, undefined]) {
        await scene.engine.abandon?.(scene.plan, scene.context({ waited }))
        expect(scene.remote.orders().open).toBe(0)
      }
      await scene.waits()
      expect(scene.remote.orders()).toEqual({ all: 2, open: 1 })
      await scene.engine.abandon?.(scene.plan, scene.context())
      expect(scene.remote.orders().open).toBe(0)
    })

    it('stops with the reason when it is told to', async () => {
      const reason = new Error('not wanted any more')
      const run = scene.engine.run(scene.plan, scene.context({ signal: AbortSignal.abort(reason) }))
      await expect(run).rejects.toBe(reason)
    })

    it('gives up what is not over in time, and ends it', async () => {
      const wait = await scene.waits()
      const now = () => new Date(Date.now() + month)
      const error = await scene.build(wait, { now }).catch((thrown: unknown) => thrown)
      expect(scene.engine.classify(error)).toMatch(/^(stuck|capacity)$/)
      expect(scene.remote.orders().open).toBe(0)
    })

    it('takes up what a process had ordered that was killed before it heard the answer', async () => {
      await scene.killWhileOrdering()
      const wait = await scene.waits()
      expect(scene.remote.orders()).toEqual({ all: 1, open: 1 })
      await scene.remote.work('well')
      await scene.build(wait)
    })

    it('ends what a killed process had ordered, which nobody else knows of', async () => {
      await scene.killWhileOrdering()
      await scene.engine.abandon?.(scene.plan, scene.context())
      expect(scene.remote.orders()).toEqual({ all: 1, open: 0 })
    })

    it('waits for a service that is away, and in the end lets another engine try', async () => {
      scene.remote.setOnline(false)
      const wait = await scene.waits()
      const now = () => new Date(Date.now() + month)
      const error = await scene.build(wait, { now }).catch((thrown: unknown) => thrown)
      expect(scene.engine.classify(error)).toBe('environment')
      expect(await scene.engine.version()).not.toBeNull()
    })

    it('is not there where it is not set up', async () => {
      const none = declaration.open({ env: {}, ...limits })
      expect(await none.version()).toBeNull()
      const error = await none.run(scene.plan, scene.context()).catch((thrown: unknown) => thrown)
      expect(none.classify(error)).toBe('environment')
      await none.abandon?.(scene.plan, scene.context())
    })
  })
}

async function createScene(name: string, folder: string, declaration: EngineDeclaration, remote: RemoteScene) {
  const scene = await mkdtemp(join(tmpdir(), `imagedrop-remote-${name}-`))
  const folders = { work: join(scene, 'work'), cache: join(scene, 'cache') }
  for (const one of Object.values(folders)) await mkdir(one)
  const logFile = join(scene, 'build.log')
  const engine = declaration.open({ env: remote.env, ...limits })
  const request = await (await requestsOf(engine))()
  const plan = engine.plan(request, folders)
  const progress: Progress[] = []
  const context = (changes: Partial<EngineContext> = {}): EngineContext => ({
    signal: AbortSignal.timeout(60_000),
    progress: (step) => progress.push(step),
    log: pino({ level: 'silent' }),
    now: () => new Date(),
    logFile,
    folders,
    ...changes,
  })
  return {
    folder: scene,
    remote,
    describe: ({ description }: Built) => formatDescription(description, { engine: name, request, folders }),
    engine,
    plan,
    progress,
    context,
    /** Runs the plan, which has to wait, after an earlier wait. */
    async waits(before?: WaitFor): Promise<WaitFor> {
      const wait = await engine.run(plan, context(before ? { waited: before.state } : {}))
      if (!wait) throw new Error('it did not wait')
      return wait
    },
    /** Runs the plan to its end after a wait. */
    async build(before: WaitFor, changes: Partial<EngineContext> = {}): Promise<Built> {
      const startedAt = new Date()
      const wait = await engine.run(plan, context({ waited: before.state, ...changes }))
      if (wait) throw new Error(`it waits for ${wait.reason}`)
      return await engine.collect(plan, startedAt, AbortSignal.timeout(60_000))
    },
    /** Carries the plan out in a process of its own, and kills that when the order has left and no answer came. */
    async killWhileOrdering() {
      const file = join(scene, 'order')
      const module = join(folder, 'engine.ts')
      const order: RunOrder = { module, plan, limits, env: remote.env, context: { logFile, folders } }
      await writeFile(file, serialize(order))
      const heard = remote.hesitate()
      const program = join(import.meta.dirname, 'testing', 'run-engine.ts')
      const child = spawn(process.execPath, [program, file], { stdio: ['ignore', 'ignore', 'inherit'] })
      const gone = once(child, 'exit')
      await heard
      child.kill('SIGKILL')
      await gone
      await expect.poll(() => remote.orders(), { timeout: 10_000 }).toEqual({ all: 1, open: 1 })
    },
    async [Symbol.asyncDispose]() {
      await engine.close?.()
      await remote[Symbol.asyncDispose]()
      await rm(scene, { recursive: true, force: true })
    },
  }
}
