import { basename } from 'node:path'
import { counts, imageKey, type ImageEvidence } from '#events/vocabulary.ts'
import type { PlannedImage } from '../plan-tree.ts'

/** What the boot test of an image saw, by check, with the files that show it. */
export function formatBootTest(drop: string, { of, seen }: PlannedImage, evidence: ImageEvidence): string {
  const { disk, testedAt, accelerator } = evidence
  const report = {
    drop,
    image: imageKey(of.image),
    verdict: verdictOf(of),
    disk: { sha256: disk.sha256, size: disk.size },
    testedAt,
    accelerator,
    checks: of.checks,
    files: seen.map(({ path, artifact }) => ({ name: basename(path), sha256: artifact.sha256, size: artifact.size })),
  }
  return `${JSON.stringify(report, null, 2)}\n`
}

/** Of the boot test alone; what else keeps an image from being published is no matter of it. */
export function verdictOf({ checks }: PlannedImage['of']): 'passed' | 'failed' {
  return checks.some(counts) ? 'failed' : 'passed'
}
