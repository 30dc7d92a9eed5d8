import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PermanentError } from '#service/errors.ts'
import { run } from '#subprocess/run.ts'
import { RecipeRefused } from '../../recipe.ts'
import { NothingBuilt, type BuildPlan, type EngineContext } from '../engine.ts'
import { writeFiles } from '../write-files.ts'
import { detachLoops } from './loops.ts'
import { packageList } from './packages.ts'
import type { KiwiPlan } from './plan.ts'
import { createProgressReader } from './progress.ts'
import { kiwiVersion } from './version.ts'

/** Times in milliseconds, for a run of KIWI. */
export interface KiwiLimits {
  readonly deadline: number
  readonly idleDeadline: number
}

const oldestThatBuilds = 11

/** Has KIWI build the image, from nothing. */
export async function runKiwi(plan: KiwiPlan, context: EngineContext, limits: KiwiLimits): Promise<void> {
  if (plan.refused !== undefined) throw new RecipeRefused(plan.refused)
  context.signal.throwIfAborted()
  await assertVersion()
  const { work } = context.folders
  await clear(work)
  await writeFiles(plan.files)
  for (const script of ['config.sh', 'images.sh']) await chmod(join(work, 'description', script), 0o755)
  for (const folder of ['temporary', 'kiwi-cache']) await mkdir(join(work, folder), { recursive: true })
  try {
    await runCommands(plan, context, limits)
    await writeFile(plan.packages, packageList(await readPackages(plan)))
    // The tree that the disk was made of, as large as the image itself, and the packages.
    for (const folder of [join('output', 'build'), 'kiwi-cache']) {
      await rm(join(work, folder), { recursive: true, force: true })
    }
  } catch (error) {
    await clear(work)
    throw error
  }
}

/** Gives back what KIWI has of the host, and removes what it has made. */
export async function clear(work: string): Promise<void> {
  await detachLoops(work)
  for (const folder of ['output', 'temporary', 'kiwi-cache', 'description', 'skeleton']) {
    await rm(join(work, folder), { recursive: true, force: true })
  }
}

async function assertVersion(): Promise<void> {
  const version = await kiwiVersion()
  if (version === null || Number.parseInt(version) >= oldestThatBuilds) return
  const wanted = `${String(oldestThatBuilds)} or newer`
  throw new PermanentError(
    'environment',
    `KIWI ${version} is too old: ${wanted} is needed; see docs/decisions/0026-kiwi.md`,
  )
}

async function runCommands(plan: BuildPlan, context: EngineContext, limits: KiwiLimits): Promise<void> {
  const readProgress = createProgressReader(context.progress)
  let isFinished = false
  for (const { argv } of plan.commands) {
    const [tool, ...args] = argv
    await run(tool, args, {
      signal: context.signal,
      log: context.logFile,
      ...limits,
      onLine(line) {
        isFinished ||= /\| Result files:/.test(line)
        readProgress(line)
      },
    })
  }
  const output = dirname(plan.disk)
  const result = await stat(join(output, 'kiwi.result.json')).catch(() => null)
  if (!isFinished || result === null) {
    throw new NothingBuilt(`KIWI ended well without saying what it made; see ${context.logFile}`)
  }
}

async function readPackages({ disk }: BuildPlan): Promise<string> {
  const path = disk.replace(/\.raw$/, '.packages')
  return await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new NothingBuilt(`KIWI ended well but did not make ${path}`, { cause })
  })
}
