import { dirname } from 'node:path'
import type { Logger } from 'pino'
import { ToolFailed, ToolMissing } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'
import { systemPython } from '#subprocess/system-python.ts'
import { renameDurably, syncPath } from '../durable.ts'

interface ReplaceOptions {
  /** A free name for the old tree, for file systems that cannot exchange. */
  readonly aside: string
  readonly signal: AbortSignal
  readonly log: Logger
}

/** renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE): Node has no name for it; every host of mkosi has Python. */
const exchange = `
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
one, other = map(os.fsencode, sys.argv[1:])
if libc.renameat2(-100, one, -100, other, 2) != 0:
    sys.exit("error: " + os.strerror(ctypes.get_errno()))
`

/**
 * Puts a closed tree in the place of a public one in one step: readers see the old or the new. The old one is then
 * under the closed name. Where the system cannot exchange (NFS, no Python), it takes two renames, and readers see
 * nothing for that moment; a part they never see.
 */
export async function replaceFolder(
  closed: string,
  open: string,
  { aside, signal, log }: ReplaceOptions,
): Promise<void> {
  try {
    await run(systemPython(), ['-I', '-c', exchange, closed, open], { signal, deadline: 30_000 })
    await syncPath(dirname(open))
    await syncPath(dirname(closed))
  } catch (error) {
    if (!(error instanceof ToolMissing || error instanceof ToolFailed)) throw error
    log.warn({ reason: error.message, folder: open }, 'replaced in two renames: this system cannot exchange folders')
    await renameDurably(open, aside)
    await renameDurably(closed, open)
  }
}
