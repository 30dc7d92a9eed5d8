import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Progress } from '#bus/bus.ts'
import { readRecipe, recipesFolder } from '../../read-recipe.ts'
import { requestFor, requestsOf } from '../engine.contract.ts'
import type { EngineDeclaration } from '../engine.ts'
import { packageList } from './testing/disk.ts'
import type { Fault, PlayedTool } from './testing/play.ts'

const limits = { deadline: 60_000, idleDeadline: 60_000 }
const isRoot = process.getuid?.() === 0
const engines = await Promise.all(
  ['livemedia', 'appliance', 'oz', 'imagefactory'].map(async (name) => {
    const path = join(import.meta.dirname, '..', name)
    const { engine } = (await import(join(path, 'engine.ts'))) as { engine: EngineDeclaration }
    const module = join(path, 'testing', 'tool.ts')
    return { name, module, declaration: engine, tool: ((await import(module)) as { tool: PlayedTool }).tool }
  }),
)

/** A failure that each tool may say and still end well. */
const whispered: Record<string, [line: string, failureClass: string]> = {
  livemedia: ['packaging: Missed: NoSuchPackage: cloud-int', 'recipe'],
  appliance: ['WARNING:root:WARNING! No bootloader found.', 'recipe'],
  imagefactory: ['{"status": "FAILED", "error": "No disk activity in 300 seconds, failing."}', 'recipe'],
}

/** What each says when its host lacks something. */
const lacking: Record<string, string> = {
  livemedia: '2026-01-01 00:00:00,000: no-virt requires anaconda to be installed.',
  appliance:
    "ERROR:root:Unable to create appliance : Failed to mount '/w/sda.raw': losetup: cannot find a free loop device",
  oz: 'oz.OzException.OzException: Could not find a libvirt bridge.',
  imagefactory: "ModuleNotFoundError: No module named 'imgfac'",
}

for (const { name, module, declaration, tool } of engines) {
  describe.skipIf(tool.needsRoot === true && !isRoot)(`the engine ${name} and its tool`, () => {
    let folder: string
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), `imagedrop-${name}-`))
      await mkdir(join(folder, 'bin'))
      vi.stubEnv('PATH', `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`)
    })
    afterEach(async () => {
      vi.unstubAllEnvs()
      await rm(folder, { recursive: true, force: true })
    })

    const install = async (fault: Fault) => {
      const play = join(import.meta.dirname, 'testing', 'play.ts')
      const scene = join(folder, 'fault.json')
      await writeFile(scene, JSON.stringify(fault))
      const script = `#!/bin/sh\nexec '${process.execPath}' '${play}' '${module}' '${scene}' "$@"\n`
      await writeFile(join(folder, 'bin', tool.command), script)
      await chmod(join(folder, 'bin', tool.command), 0o755)
    }
    const build = async (fault: Fault) => {
      await install(fault)
      const engine = declaration.open({ env: {}, ...limits })
      const folders = { work: join(folder, 'work'), cache: join(folder, 'cache') }
      for (const one of Object.values(folders)) await mkdir(one, { recursive: true })
      const plan = engine.plan(await (await requestsOf(engine))(), folders)
      const progress: Progress[] = []
      const startedAt = new Date()
      const logFile = join(folder, 'build.log')
      const { signal } = new AbortController()
      const context = { signal, progress: (step: Progress) => progress.push(step), log: pino({ level: 'silent' }) }
      const run = async () => {
        await engine.run(plan, { ...context, logFile, folders, now: () => new Date() })
        return await engine.collect(plan, startedAt, new AbortController().signal)
      }
      return { engine, plan, progress, ended: run() }
    }

    it('gives the disk, the list of packages that was in it, and how far it is', async () => {
      const { ended, progress } = await build('none')
      const { packages } = await ended
      expect(await readFile(packages, 'utf8')).toBe(packageList)
      const done = progress.flatMap((step) => step.done ?? [])
      expect(new Set(done).size).toBeGreaterThan(3)
      expect(done).toEqual(done.toSorted((one, other) => one - other))
    })

    it('believes no tool whose disk has no list of packages, and leaves no disk', async () => {
      const { plan, ended } = await build('no list')
      await expect(ended).rejects.toMatchObject({ name: 'NothingBuilt' })
      expect(existsSync(plan.disk)).toBe(false)
    })

    const [line = '', failureClass] = whispered[name] ?? []
    it.each(line === '' ? [] : [0, 1])('takes its own word that it failed, with status %i', async (code) => {
      const { engine, plan, ended } = await build({ says: line, code })
      const error: unknown = await ended.catch((thrown: unknown) => thrown)
      expect(engine.classify(error)).toBe(failureClass)
      expect(engine.explain(error)).toContain(line)
      expect(existsSync(plan.disk)).toBe(false)
    })

    it('tells what its host lacks, so that the next engine is tried', async () => {
      const { engine, ended } = await build({ says: lacking[name] ?? '', code: 1 })
      const error: unknown = await ended.catch((thrown: unknown) => thrown)
      expect(engine.classify(error)).toBe('environment')
      expect(engine.explain(error)).toContain(lacking[name])
    })

    it('cannot build a recipe that says nothing to an installer, and lets the next engine try', async () => {
      const engine = declaration.open({ env: {}, ...limits })
      const recipe = await readRecipe('debian-12', [recipesFolder])
      const request = { ...(await requestFor()), recipe: { ...recipe, answers: new Map<string, never>() } }
      expect(() => engine.plan(request, { work: '/w', cache: '/c' })).toThrow(
        expect.objectContaining({ failureClass: 'environment' }),
      )
    })

    it('knows whether its tool is there', async () => {
      await install('none')
      expect(await declaration.open({ env: {}, ...limits }).version()).not.toBeNull()
      vi.stubEnv('PATH', join(folder, 'nothing'))
      expect(await declaration.open({ env: {}, ...limits }).version()).toBeNull()
    })
  })
}
