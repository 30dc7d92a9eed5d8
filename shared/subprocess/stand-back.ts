import { writeFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import { hasCode } from '#files/errors.ts'

/** A tenth of the weight of a process that does not stand back. */
const niceness = 10

/**
 * The kernel has no such groups, does not show them, lets nobody change them here, or was told too often. `ERR_SYSTEM_ERROR` is what Node
 * says of priorities.
 */
const reasonsToGoOn = ['ERR_SYSTEM_ERROR', 'ENOENT', 'EACCES', 'EPERM', 'EROFS', 'EAGAIN', 'ESRCH', 'EINVAL'] as const

/**
 * Lets a tool that has just been started go behind others where all processors are busy, with all that it starts. Linux shares processors
 * between sessions first (sched(7), "The autogroup feature"), and each tool is a session: so that stands back as well.
 */
export function standBack(pid: number): void {
  // A tool that cannot stand back is as good: it runs already, and must not be left alone.
  try {
    // Whoever stands further back than that stays there.
    setPriority(pid, Math.max(getPriority(pid), niceness))
    writeFileSync(`/proc/${String(pid)}/autogroup`, String(niceness))
  } catch (error) {
    if (!hasCode(error, ...reasonsToGoOn)) throw error
  }
}
