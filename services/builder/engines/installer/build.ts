import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { tryLock, withLock } from '#files/lock.ts'
import { PermanentError } from '#service/errors.ts'
import type { BuildPlan, EngineContext } from '../engine.ts'
import { assertBootSector, assertFresh, assertRawDisk } from '../verify.ts'
import { writeFiles } from '../write-files.ts'
import { takePackageList } from './package-list.ts'
import { runTool, type ToolLimits, type ToolWords } from './run-tool.ts'

interface BuildOptions {
  readonly limits: ToolLimits
  readonly words: ToolWords
  readonly follow?: string | undefined
  /** Lets go of what an earlier try has left outside of the folders. */
  readonly release: () => Promise<void>
}

/** Carries out a plan from nothing, and takes the list of packages out of the disk. Leaves no disk when it fails. */
export async function buildByTool(plan: BuildPlan, context: EngineContext, options: BuildOptions): Promise<void> {
  const clear = async () => {
    await options.release()
    for (const path of [dirname(plan.disk), plan.packages]) await rm(path, { recursive: true, force: true })
  }
  context.signal.throwIfAborted()
  await clear()
  await writeFiles(plan.files)
  try {
    for (const command of plan.commands) await runTool(command, context, options)
    // Refuses what is no disk before it is looked into.
    await assertFresh(plan.disk, new Date(0))
    await assertBootSector(plan.disk)
    await assertRawDisk(plan.disk, context.signal)
    await takePackageList(plan.disk, plan.packages, context.signal)
  } catch (error) {
    await clear()
    throw error
  }
}

/** Does work that a host can do only once at a time: the tools write to places that all of their runs share. */
export async function onceOnThisHost(
  name: string,
  { signal, progress }: Pick<EngineContext, 'signal' | 'progress'>,
  folder: string,
  work: () => Promise<void>,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = `${folder}/${name}.lock.sqlite`
  {
    using free = tryLock(path)
    if (free) {
      await work()
      return
    }
  }
  progress({ phase: 'waiting for another build on this host' })
  await withLock(path, signal, work)
}

/** Refuses to begin what only root can do. */
export function assertRoot(tool: string): void {
  if (process.getuid?.() === 0) return
  throw new PermanentError('environment', `${tool} builds images only as root`)
}
