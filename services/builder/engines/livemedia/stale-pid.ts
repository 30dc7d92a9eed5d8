import { readFile, rm } from 'node:fs/promises'
import { hasCode } from '#files/errors.ts'

/** Removes the file by which Anaconda knows of another one that runs, when the process that it names has ended: a killed one. */
export async function removeStalePid(path: string): Promise<void> {
  const pid = await readFile(path, 'utf8').catch(() => null)
  if (pid === null || isRunning(Number(pid.trim()))) return
  await rm(path, { force: true })
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // A process of somebody else runs as well.
    return !hasCode(error, 'ESRCH')
  }
}
