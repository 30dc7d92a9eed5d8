import type { ArtifactRef, BootRecord, CheckResult, ImagePlan } from '#events/vocabulary.ts'
import type { Context } from '#service/define.ts'

/** When a guest's screen is looked at. */
export type Moment = BootRecord['screenshots'][number]['moment']

/** A picture of a guest's screen, as a PNG file. */
export interface Screenshot {
  readonly moment: Moment
  readonly path: string
}

/** What one boot of an image found. Files are paths in the job's folders. */
export interface BootReport extends Pick<BootRecord, 'accelerator' | 'seconds' | 'phases'> {
  readonly checks: CheckResult[]
  readonly console: string
  /** In the order in which they were taken. */
  readonly screenshots: readonly Screenshot[]
  /** What the guest asked of its cloud, a JSON object a line; null when its cloud has nothing to be asked. */
  readonly requests: string | null
}

/** The disk of an image, raw, never written to. */
export interface DiskUnderTest {
  readonly image: Pick<ImagePlan, 'flavour' | 'architecture' | 'recipe'>
  readonly disk: Pick<ArtifactRef, 'size'>
  readonly path: string
}

/** What a boot has of its job. */
export type BootContext = Pick<Context, 'signal' | 'progress' | 'workFolder' | 'logFolder' | 'now'>

/** Boots a disk once and finds out about it. Throws when nothing can be told. */
export type BootTest = (image: DiskUnderTest, context: BootContext) => Promise<BootReport>
