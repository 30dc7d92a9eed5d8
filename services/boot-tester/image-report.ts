import type { BootRecord, CheckResult } from '#events/vocabulary.ts'
import type { BootContext, DiskUnderTest, Screenshot } from './boot-report.ts'
import type { Subject } from './plan/subject.ts'
import type { Outcome } from './verdict/reach-verdict.ts'

/** One try at one boot, as it is recorded; files are paths. */
export interface BootRun extends Omit<BootRecord, 'console' | 'screenshots' | 'requests'> {
  /** Null when the machine did not get as far. */
  readonly console: string | null
  readonly screenshots: readonly Screenshot[]
  readonly requests: string | null
}

/** All that was found of an image. */
export interface ImageReport extends Omit<Outcome, 'outcomes'> {
  readonly boots: readonly BootRun[]
  /** Why the tester could not tell, of each boot that errored; the first is thrown when nothing else decides. */
  readonly errors: readonly unknown[]
}

/** What is tested: a disk, and the image that it is to rows of policy. */
export interface ImageUnderTest extends DiskUnderTest {
  readonly subject: Subject
}

/** Tries an image out by all boots that the policy has for it. Throws when the test itself is ended or broken. */
export type ImageTest = (image: ImageUnderTest, context: BootContext) => Promise<ImageReport>

/** The try that shows best how the image stands: the first that failed, or else the first that ended. */
export function decisiveBoot<Boot extends Pick<BootRecord, 'outcome'>>(boots: readonly Boot[]): Boot | undefined {
  return (
    boots.find(({ outcome }) => outcome === 'failed') ?? boots.find(({ outcome }) => outcome === 'passed') ?? boots[0]
  )
}

/** Judges a disk before it is booted. */
export type JudgeDisk = (image: DiskUnderTest, context: BootContext) => Promise<CheckResult[]>
