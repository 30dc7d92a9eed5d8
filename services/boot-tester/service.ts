import { copyFile } from 'node:fs/promises'
import { ArtifactCorrupted, ArtifactMissing, type ArtifactStore } from '#artifacts/store.ts'
import { say } from '#events/define.ts'
import { imageBuilt, type ImageBuilt } from '#events/image-built.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imageTested } from '#events/image-tested.ts'
import type { ArtifactRef, Verdict } from '#events/vocabulary.ts'
import { defineService } from '#service/define.ts'
import type { BootReport, BootTest } from './boot-report.ts'

interface Dependencies {
  readonly artifacts: ArtifactStore
  readonly bootTest: BootTest
}

/** Boots every image that was built, and says whether it is fit for a cloud. */
export const bootTester = defineService({
  name: 'boot-tester',
  consumes: [imageBuilt],
  emits: [imageTested, imageFailed],
  handle: async ({ body }, { artifacts, bootTest }: Dependencies, context) => {
    const { drop, compose, image, disk } = body
    const path = await openDisk(artifacts, disk, context.signal)
    if (path instanceof Error) return [cannotBoot(body, path.message)]
    const report = await bootTest({ image, disk, path }, context)
    return [
      say(imageTested, {
        drop,
        compose,
        image,
        disk,
        verdict: verdictOf(report),
        checks: [...report.checks],
        console: await keepCopy(artifacts, report.console, 'log'),
        screenshot: report.screenshot === null ? null : await keepCopy(artifacts, report.screenshot, 'png'),
        accelerator: report.accelerator,
        seconds: report.seconds,
      }),
    ]
  },
})

async function openDisk(artifacts: ArtifactStore, disk: ArtifactRef, signal: AbortSignal): Promise<string | Error> {
  try {
    return await artifacts.open(disk, signal)
  } catch (error) {
    if (error instanceof ArtifactMissing || error instanceof ArtifactCorrupted) return error
    throw error
  }
}

function cannotBoot({ drop, compose, image }: ImageBuilt, reason: string) {
  const failure = { step: 'boot-tester', class: 'environment' as const, reason, log: null }
  return say(imageFailed, { drop, compose, image, failure })
}

function verdictOf({ checks }: BootReport): Verdict {
  return checks.some(({ outcome }) => outcome === 'failed') ? 'failed' : 'passed'
}

/** The original stays where people look for logs. */
async function keepCopy(artifacts: ArtifactStore, path: string, format: string): Promise<ArtifactRef> {
  await using draft = await artifacts.draft(`evidence.${format}`)
  await copyFile(path, draft.path)
  return await artifacts.keep(draft, { format })
}
