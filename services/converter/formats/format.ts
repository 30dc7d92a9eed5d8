import type { Draft } from '#artifacts/store.ts'
import type { Conversion } from '../conversion.ts'

/**
 * One format of a plan. An implementer makes the file and proves it; keeping, retrying, cancelling (the conversion's
 * `run` and `signal` do it) and telling the world are not its job.
 */
export interface Format {
  /** Whether its proof compares with the disk's SHA-256, and so shows also that the disk is what was promised. */
  readonly provesDisk: boolean
  readonly make: (conversion: Conversion) => Promise<MadeFile>
}

/** A file that was made and is not proved yet. */
export interface MadeFile {
  readonly draft: Draft
  readonly sha256: string
  /** Decodes the file as its reader would, from the file system, and compares. Throws NotTheDisk. */
  readonly verify: () => Promise<void>
}
