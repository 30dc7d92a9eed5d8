import { ToolFailed, ToolMissing } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'
import type { PlannedCommand } from './engine.ts'

type Argv = PlannedCommand['argv']

/** The size in MiB is the first argument, the folder the second. */
const mountThenBecome = 'mount -t tmpfs -o "size=$1m,mode=755" imagedrop "$2" && shift 2 && exec "$@"'

/**
 * A command that finds an empty file system in memory at a folder, so many MiB large. Nobody else sees it, and it is gone with the last
 * process of the command, however that ends.
 */
export function withMemoryAt(folder: string, mebibytes: number, command: Argv): Argv {
  const apart = ['--mount', '--propagation', 'private'] as const
  return ['unshare', ...apart, 'sh', '-c', mountThenBecome, 'sh', String(mebibytes), folder, ...command]
}

/** Whether we can do that here: root may, but not in every container. */
export async function hasMemoryAt(folder: string, mebibytes: number, signal: AbortSignal): Promise<boolean> {
  if (mebibytes === 0) return false
  const [tool, ...args] = withMemoryAt(folder, mebibytes, ['true'])
  try {
    await run(tool, args, { signal })
    return true
  } catch (error) {
    if (error instanceof ToolFailed || error instanceof ToolMissing) return false
    throw error
  }
}
