import { existsSync } from 'node:fs'
import { mkdir, rm, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { moveDurably } from '#files/durable.ts'
import { withLock } from '#files/lock.ts'
import { run } from '#subprocess/run.ts'
import { NothingBuilt, type BuildPlan, type EngineContext, type PlannedCommand } from '../engine.ts'
import { writeFiles } from '../write-files.ts'
import { createProgressReader, type ProgressReader } from './progress.ts'
import { lockSuffix, pruneBases } from './prune-bases.ts'

/** Times in milliseconds, for each run of mkosi. */
export interface MkosiLimits {
  readonly deadline: number
  readonly idleDeadline: number
}

/** Runs mkosi for the shared base tree, when nobody did yet, and then for the image. */
export async function runMkosi(plan: BuildPlan, context: EngineContext, limits: MkosiLimits): Promise<void> {
  const { folders } = context
  const clear = async () => {
    for (const folder of [join(folders.work, 'workspace'), dirname(plan.disk)]) {
      await rm(folder, { recursive: true, force: true })
    }
  }
  await clear()
  await mkdir(join(folders.work, 'workspace'), { recursive: true })
  await writeFiles(plan.files)
  const readProgress = createProgressReader(context.progress)
  try {
    for (const command of plan.commands) {
      if (command.shared) await makeShared(command, command.shared, context, limits, readProgress)
      else await runCommand(command, context, limits, readProgress)
    }
  } catch (error) {
    await clear()
    throw error
  }
}

async function makeShared(
  command: PlannedCommand,
  { made, place }: NonNullable<PlannedCommand['shared']>,
  context: EngineContext,
  limits: MkosiLimits,
  readProgress: ProgressReader,
): Promise<void> {
  await mkdir(dirname(place), { recursive: true })
  if (!existsSync(place)) context.progress({ phase: 'waiting for the base tree' })
  await withLock(`${place}${lockSuffix}`, context.signal, async () => {
    if (!existsSync(place)) {
      await runCommand(command, context, limits, readProgress)
      await moveDurably(made, place)
    }
    await utimes(place, new Date(), new Date())
    await pruneBases(dirname(place), new Date())
  })
}

async function runCommand(
  { name, argv: [tool, ...args] }: PlannedCommand,
  { signal, logFile, log }: EngineContext,
  limits: MkosiLimits,
  readProgress: ProgressReader,
): Promise<void> {
  let isFinished = false
  const start = performance.now()
  await run(tool, args, {
    signal,
    log: logFile,
    ...limits,
    onLine(line) {
      // mkosi's last words, after everything is in the output folder.
      isFinished ||= /^‣\s+\S+ size is [\d.]+\w?, consumes|^‣\s+\S+ size is [\d.]+\w?\.$/.test(line.trim())
      readProgress(name, line)
    },
  })
  if (!isFinished) throw new NothingBuilt(`mkosi ended well without saying what it made (${name}); see ${logFile}`)
  log.debug({ command: name, seconds: Math.round(performance.now() - start) / 1000 }, 'mkosi ended')
}
