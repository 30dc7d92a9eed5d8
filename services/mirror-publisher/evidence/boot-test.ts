import { basename } from 'node:path'
import { counts, imageKey, type ArtifactRef, type ImageEvidence } from '#events/vocabulary.ts'
import { formatBootTestReport } from '#publishing/boot-test-report.ts'
import type { PlannedImage } from '../plan-tree.ts'

/** What the boot test of an image saw, by check and by boot, with the files that show it. */
export function formatBootTest(drop: string, { of, seen }: PlannedImage, evidence: ImageEvidence): string {
  const { disk, testedAt, accelerator, boots = [], notes = [] } = evidence
  const files = seen.map(({ path, artifact }) => ({ name: basename(path), artifact }))
  const nameOf = (one: ArtifactRef | null) =>
    files.find(({ artifact }) => artifact.sha256 === one?.sha256)?.name ?? null
  return formatBootTestReport({
    drop,
    image: imageKey(of.image),
    verdict: verdictOf(of),
    disk: { sha256: disk.sha256, size: disk.size },
    testedAt,
    accelerator,
    checks: of.checks,
    boots: boots.map(({ console, requests, screenshots, ...boot }) => ({
      ...boot,
      console: nameOf(console),
      requests: nameOf(requests),
      screenshots: screenshots.map(({ moment }) => moment),
    })),
    notes,
    files: files.map(({ name, artifact }) => ({ name, sha256: artifact.sha256, size: artifact.size })),
  })
}

/** Of the boot test alone; what else keeps an image from being published is no matter of it. */
export function verdictOf({ checks }: PlannedImage['of']): 'passed' | 'failed' {
  return checks.some(counts) ? 'failed' : 'passed'
}
