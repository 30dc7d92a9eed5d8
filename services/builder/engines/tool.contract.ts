import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { serialize } from 'node:v8'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Progress } from '#bus/bus.ts'
import { canMount, createSmallDisk } from '#test/faults/small-disk.ts'
import { formatDescription } from '../describe-build.ts'
import { requestsOf } from './engine.contract.ts'
import type { Built, EngineDeclaration } from './engine.ts'
import type { RunOrder } from './testing/run-engine.ts'
import { installTool, type Fault, type ScriptedTool } from './testing/scripted-tool.ts'

const patient = { deadline: 60_000, idleDeadline: 60_000 }
const isRoot = process.getuid?.() === 0
const mounts = await canMount()

/** What every engine promises that runs a tool on this host, whatever the tool does. A stand-in plays the tool. */
export function toolContract(name: string, folder: string, declaration: EngineDeclaration, tool: ScriptedTool): void {
  describe.skipIf(tool.needsRoot === true && !isRoot)(`the engine ${name} and its tool`, () => {
    let scene: Awaited<ReturnType<typeof createScene>>
    beforeEach(async () => {
      scene = await createScene(name, folder, declaration, tool)
    })
    afterEach(async () => {
      vi.unstubAllEnvs()
      expect(await scene.running()).toEqual([])
      await rm(scene.folder, { recursive: true, force: true })
    })

    it('finds what the tool made, and how far it is in what the tool says, never going back', async () => {
      const { built, progress } = await scene.build('none')
      const done = progress.flatMap((step) => step.done ?? [])
      expect(new Set(done).size).toBeGreaterThan(1)
      expect(done).toEqual(done.toSorted((one, other) => one - other))

      const told = scene.describe(built)
      expect(told).toMatch(/^==> commands <==$/m)
      for (const place of [scene.folder, process.cwd()]) expect(told).not.toContain(place)
      const elsewhere = await createScene(name, folder, declaration, tool)
      try {
        const { built: again } = await elsewhere.build('none')
        expect(elsewhere.describe(again), 'in another folder it is told in the same words').toBe(told)
      } finally {
        await rm(elsewhere.folder, { recursive: true, force: true })
      }
    })

    it.each<Fault>(['ends well without a disk', 'ends well without its mark', 'makes a qcow2', 'makes a text'])(
      'takes nothing of a tool that %s, not even what an earlier try has left',
      async (fault) => {
        await scene.build('none')
        await expect(scene.build(fault)).rejects.toMatchObject({ name: 'NothingBuilt' })
      },
    )

    it('makes up no progress for a tool that says nothing, and does not believe it', async () => {
      await scene.build('none')
      const progress: Progress[] = []
      await expect(scene.build('ends well at once, without a word', { progress })).rejects.toMatchObject({
        name: 'NothingBuilt',
      })
      expect(progress.filter((step) => step.done !== undefined)).toEqual([])
    })

    it.each<Fault>(['hangs talking', 'hangs and ignores SIGTERM'])(
      'when cancelled, ends a tool that %s with all that it started, gives the reason, and leaves no disk',
      async (fault) => {
        const stop = new AbortController()
        const reason = new Error('not wanted any more')
        const build = scene.build(fault, { signal: stop.signal })
        await scene.hangs()
        stop.abort(reason)
        await expect(build).rejects.toBe(reason)
        await expect(stat(scene.plan.disk)).rejects.toThrow(/ENOENT/)
      },
    )

    it.each<[Fault, Partial<typeof patient>]>([
      ['hangs talking', { deadline: 3_000 }],
      ['hangs silently', { idleDeadline: 3_000 }],
    ])('calls a tool that %s stuck when its time is over, and leaves no disk', async (fault, limits) => {
      const error = await scene.build(fault, { limits: { ...patient, ...limits } }).catch((thrown: unknown) => thrown)
      expect(scene.engine.classify(error)).toBe('stuck')
      await expect(stat(scene.plan.disk)).rejects.toThrow(/ENOENT/)
    })

    it('builds again after it was killed in the middle, when its tool is gone too', async () => {
      await scene.set('hangs talking')
      const { child } = await scene.start()
      await scene.hangs()
      child.kill('SIGKILL')
      await once(child, 'exit')
      // What the tool has started may outlive it; the tool itself must not.
      const isTool = async () => (await scene.running()).length > 1
      await expect.poll(isTool, { timeout: 10_000 }).toBe(false)
      for (const pid of await scene.running()) process.kill(pid, 'SIGKILL')
      await scene.build('none')
    })

    it.skipIf(!mounts)('calls a full disk a lack of capacity', { timeout: 60_000 }, async () => {
      await using disk = await createSmallDisk(scene.state, '8m')
      await scene.set('none', { diskBytes: 16 * 1024 * 1024 })
      const { child, outcome } = await scene.start((command, args) => disk.within(command, args))
      await once(child, 'exit')
      expect(await outcome).toMatchObject({
        class: 'capacity',
        reason: expect.stringMatching(/no space left/i) as string,
      })
    })

    it('takes a tool that says 256 MiB, in bounded memory', { timeout: 120_000 }, async () => {
      await scene.set('says 256 MiB')
      const { child, outcome } = await scene.start()
      await once(child, 'exit')
      expect((await outcome).peakKib).toBeLessThan(230 * 1024)
    })
  })
}

async function createScene(name: string, folder: string, declaration: EngineDeclaration, tool: ScriptedTool) {
  const scene = await mkdtemp(join(tmpdir(), `imagedrop-tool-${name}-`))
  const state = join(scene, 'state')
  const folders = { work: join(state, 'work'), cache: join(state, 'cache') }
  const bin = join(scene, 'bin')
  const hanging = join(scene, 'hanging')
  const logFile = join(scene, 'build.log')
  vi.stubEnv('PATH', `${bin}:${process.env['PATH'] ?? ''}`)
  for (const one of Object.values(folders)) await mkdir(one, { recursive: true })
  const engine = declaration.open({ env: {}, ...patient })
  const request = await (await requestsOf(engine))()
  const plan = engine.plan(request, folders)
  const set = (fault: Fault, { diskBytes = 256 * 1024 } = {}) =>
    installTool(bin, tool, { module: join(folder, 'testing', 'tool.ts'), fault, hanging, diskBytes })

  return {
    folder: scene,
    state,
    engine,
    plan,
    set,
    describe: ({ description }: Built) => formatDescription(description, { engine: name, request, folders }),
    /** Has the tool play, and collects what it made. */
    async build(
      fault: Fault,
      { signal = new AbortController().signal, limits = patient, progress = [] as Progress[] } = {},
    ): Promise<{ built: Built; progress: readonly Progress[] }> {
      await set(fault)
      const opened = declaration.open({ env: {}, ...limits })
      const startedAt = new Date()
      await opened.run(plan, {
        signal,
        progress: (step) => progress.push(step),
        log: pino({ level: 'silent' }),
        now: () => new Date(),
        logFile,
        folders,
      })
      return { built: await opened.collect(plan, startedAt, AbortSignal.timeout(60_000)), progress }
    },
    /** Carries the plan out in a process of its own. */
    async start(within: (command: string, args: string[]) => [string, string[]] = (...both) => both) {
      const file = join(scene, 'order')
      const module = join(folder, 'engine.ts')
      await writeFile(
        file,
        serialize({ module, plan, limits: patient, context: { logFile, folders } } satisfies RunOrder),
      )
      const program = join(import.meta.dirname, 'testing', 'run-engine.ts')
      const child = spawn(...within(process.execPath, [program, file]), { stdio: ['ignore', 'pipe', 'inherit'] })
      const outcome = text(child.stdout).then((said) => JSON.parse(said) as { peakKib: number })
      outcome.catch(() => {})
      return { child, outcome }
    },
    /** Waits until the tool hangs. */
    async hangs(): Promise<void> {
      await expect.poll(() => existsSync(hanging), { timeout: 20_000 }).toBe(true)
    },
    /** What runs of all that was started here: each has the name of this folder among its arguments. */
    running: () => processesNaming(scene),
  }
}

async function processesNaming(word: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes(word)),
  )
  return pids.filter((_, index) => found[index]).map(Number)
}
