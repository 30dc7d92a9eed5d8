import { mkdir } from 'node:fs/promises'
import { checkDisk } from './check-disk.ts'
import type { DiskCheck } from './checks/check.ts'
import type { JudgeDisk } from './image-report.ts'

/** Judges disks by some checks, before they are booted. A failure says what would have been right. */
export function createJudgeDisk(checks: readonly DiskCheck[]): JudgeDisk {
  return async ({ path }, { workFolder, signal, progress }) => {
    progress({ phase: 'disk' })
    await mkdir(workFolder, { recursive: true })
    const results = await checkDisk(path, { scratch: workFolder, signal, checks })
    return results.map((result) => {
      const expected = checks.find(({ name }) => name === result.name)?.description
      return result.outcome === 'failed' && expected !== undefined ? { ...result, expected } : result
    })
  }
}
