import { existsSync } from 'node:fs'
import { mkdir, rm, utimes } from 'node:fs/promises'
import { dirname } from 'node:path'
import { moveDurably } from '#files/durable.ts'
import { withLock } from '#files/lock.ts'
import { ToolFailed } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'
import { NothingBuilt, type BuildPlan, type EngineContext, type PlannedCommand } from '../engine.ts'
import { hasMemoryAt, withMemoryAt } from '../in-memory.ts'
import { writeFiles } from '../write-files.ts'
import { classifyMkosi } from './classify.ts'
import { workspaceOf } from './plan.ts'
import { createProgressReader, type ProgressReader } from './progress.ts'
import { lockSuffix, pruneBases } from './prune-bases.ts'

/** Times in milliseconds, for each run of mkosi. */
export interface MkosiLimits {
  readonly deadline: number
  readonly idleDeadline: number
  /** Memory that its workspace may fill, in MiB; where that is too small, or 0, it is on the disk. */
  readonly memoryMib: number
}

/** Runs mkosi for the shared base tree, when nobody did yet, and then for the image. */
export async function runMkosi(plan: BuildPlan, context: EngineContext, limits: MkosiLimits): Promise<void> {
  const workspace = workspaceOf(context.folders)
  const clear = async () => {
    for (const folder of [workspace, dirname(plan.disk)]) await rm(folder, { recursive: true, force: true })
  }
  await clear()
  await mkdir(workspace, { recursive: true })
  await writeFiles(plan.files)
  const readProgress = createProgressReader(context.progress)
  const hasMemory = await hasMemoryAt(workspace, limits.memoryMib, context.signal)
  const here = { ...limits, memoryMib: hasMemory ? limits.memoryMib : 0 }
  try {
    for (const command of plan.commands) {
      if (command.shared) await makeShared(command, command.shared, context, here, readProgress)
      else await runCommand(command, context, here, readProgress)
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
  command: PlannedCommand,
  context: EngineContext,
  limits: MkosiLimits,
  readProgress: ProgressReader,
): Promise<void> {
  const { memoryMib } = limits
  if (memoryMib > 0) {
    try {
      const argv = withMemoryAt(workspaceOf(context.folders), memoryMib, command.argv)
      await runTool({ ...command, argv }, context, limits, readProgress)
      return
    } catch (error) {
      if (classifyMkosi(error) !== 'capacity') throw ofTool(command.argv[0], error)
      context.log.warn(
        { command: command.name, memoryMib, error },
        'no space left for a build in memory: again on the disk',
      )
    }
  }
  await runTool(command, context, limits, readProgress)
}

/** A failure of what a command became is not one of what it was before. */
function ofTool(tool: string, error: unknown): unknown {
  return error instanceof ToolFailed ? new ToolFailed(tool, error.end, error.tail, error.log) : error
}

async function runTool(
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
