import { ArtifactCorrupted, ArtifactMissing, type ArtifactStore } from '#artifacts/store.ts'
import { say } from '#events/define.ts'
import { imageBuilt, type ImageBuilt } from '#events/image-built.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imageTested } from '#events/image-tested.ts'
import { imageKey, type ArtifactRef } from '#events/vocabulary.ts'
import type { Needs } from '#ledger/needs.ts'
import { defineService } from '#service/define.ts'
import { TransientError, PermanentError } from '#service/errors.ts'
import { isTransient } from '#service/failure.ts'
import type { ImageReport, ImageTest } from './image-report.ts'
import { subjectOf, type Subject } from './plan/subject.ts'
import { keepBoots, decisiveEvidence, keepReports } from './keep-evidence.ts'

interface Dependencies {
  readonly artifacts: ArtifactStore
  readonly testImage: ImageTest
  /** What the guests of an image's boots need. */
  readonly needs: (subject: Subject) => Needs
}

/** A boot that tells nothing is tried again, on whichever host is free; the last try leaves the job to a person. */
const attempts = 3

/** Boots every image that was built, and says whether it is fit for a cloud. */
export const bootTester = defineService({
  name: 'boot-tester',
  consumes: [imageBuilt],
  emits: [imageTested, imageFailed],
  retry: { attempts },
  needs: ({ body: { image, compose } }, { needs }: Dependencies) => needs(subjectOf(image, compose)),
  handle: async ({ body }, { artifacts, testImage }: Dependencies, context) => {
    const { drop, compose, image, disk } = body
    const path = await openDisk(artifacts, disk, context.signal)
    if (path instanceof Error) return [cannotBoot(body, path.message)]
    const report = await testImage({ subject: subjectOf(image, compose), image, disk, path }, context)
    const { verdict, checks, notes } = report
    if (verdict === 'errored') throw inconclusive(report, context.attempt)
    const name = `${imageKey(image)} of ${drop}`
    const boots = await keepBoots(artifacts, report)
    const { console, screenshot, accelerator } = await decisiveEvidence(artifacts, boots)
    return [
      say(imageTested, {
        drop,
        compose,
        image,
        disk,
        verdict,
        checks: [...checks],
        console,
        screenshot,
        accelerator,
        seconds: boots.reduce((sum, { seconds }) => sum + seconds, 0),
        boots,
        notes: [...notes],
        reports: await keepReports(artifacts, { ...report, name, disk, testedAt: context.now() }),
      }),
    ]
  },
})

/** Why no verdict was reached: an error that is tried again, or, in the end, one that waits for a person. */
function inconclusive({ boots, errors }: ImageReport, attempt: number): unknown {
  const [first] = errors
  const untold = boots.filter(({ outcome }) => outcome === 'errored')
  const reasons = untold.map(({ name, reason }) => `${name}: ${reason ?? ''}`).join('; ')
  const message = `the boot tester could not tell: ${reasons}`
  return isTransient(first) && attempt < attempts
    ? new TransientError(message, { cause: first })
    : new PermanentError('environment', message, { cause: first })
}

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
