import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { isMissing } from '#files/errors.ts'
import { run } from '#subprocess/run.ts'
import { NothingBuilt, type BuildPlan, type Description, type EngineContext } from '../engine.ts'
import { writeFiles } from '../write-files.ts'
import { packageList } from './packages.ts'
import { outputName } from './plan.ts'
import { createProgressReader } from './progress.ts'
import { assertVersion, osbuildVersion } from './version.ts'

/** Times in milliseconds, for a run of image-builder. */
export interface OsbuildLimits {
  readonly deadline: number
  readonly idleDeadline: number
}

/** Has image-builder build the image, from nothing. */
export async function runOsbuild(plan: BuildPlan, context: EngineContext, limits: OsbuildLimits): Promise<void> {
  context.signal.throwIfAborted()
  assertVersion(await osbuildVersion())
  const { work } = context.folders
  await clear(work)
  await writeFiles(plan.files)
  await mkdir(dirname(plan.disk), { recursive: true })
  try {
    await build(plan, context, limits)
    await writeFile(plan.packages, packageList(await readPackages(plan)))
    await rm(join(work, 'store'), { recursive: true, force: true })
  } catch (error) {
    await clear(work)
    throw error
  }
}

/** Removes what image-builder has made for a build. */
export async function clear(work: string): Promise<void> {
  for (const folder of ['output', 'store', 'repositories']) {
    await rm(join(work, folder), { recursive: true, force: true })
  }
}

async function build(plan: BuildPlan, context: EngineContext, limits: OsbuildLimits): Promise<void> {
  const readProgress = createProgressReader(context.progress)
  let made: string | undefined
  for (const { argv } of plan.commands) {
    const [tool, ...args] = argv
    try {
      await run(tool, args, {
        signal: context.signal,
        log: context.logFile,
        ...limits,
        onLine(line) {
          made ??= /^Image build successful: (.+)$/.exec(line)?.[1]
          readProgress(line)
        },
      })
    } finally {
      await keepBuildLog(plan, context.logFile)
    }
  }
  if (made === plan.disk) return
  const told = made === undefined ? 'without saying what it made' : `but says that it made ${made}`
  throw new NothingBuilt(`image-builder ended well ${told}; see ${context.logFile}`)
}

/** What osbuild itself said is in a file of image-builder's; the log of a build has it all. */
async function keepBuildLog({ disk }: BuildPlan, logFile: string): Promise<void> {
  const own = join(dirname(disk), `${outputName}.buildlog`)
  try {
    await pipeline(createReadStream(own), createWriteStream(logFile, { flags: 'a' }))
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

/** All that osbuild was given to do, to the last package. */
export async function readManifest({ disk }: BuildPlan): Promise<Description> {
  const path = join(dirname(disk), `${outputName}.osbuild-manifest.json`)
  return { name: path, text: await readMade(path) }
}

async function readPackages({ disk }: BuildPlan): Promise<string> {
  return await readMade(join(dirname(disk), `${outputName}.rpmlist.json`))
}

async function readMade(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new NothingBuilt(`image-builder ended well but did not make ${path}`, { cause })
  })
}
