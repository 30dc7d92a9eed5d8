import type { Hash } from 'node:crypto'
import type { Draft } from '#artifacts/store.ts'
import type { DiskSink } from '../chunk.ts'
import type { Conversion } from '../conversion.ts'

/**
 * One format of a plan. An implementer makes the file while the disk is read, and proves it; reading, keeping, retrying,
 * cancelling (the conversion's `run` and `signal` do it) and telling the world are not its job.
 */
export interface Format {
  /** What is encoded at once: a power of two of blocks. A chunk of the disk is at least as large. */
  readonly pieceSize: number
  /** Gets ready for the disk, which is read when all formats of the plan are. */
  readonly begin: (conversion: Conversion) => Promise<FileInTheMaking>
}

/** A file that is written while the disk is read. */
export interface FileInTheMaking {
  /** Hears of every chunk of the disk; left out by a format that only listens to a stream which the conversion has. */
  readonly sink?: DiskSink
  /** Called when the whole disk was handed out, with its hash so far, which may be copied and go on. */
  readonly finish: (whole: Hash) => Promise<MadeFile>
}

/** A file that was made and is not proved yet. */
export interface MadeFile {
  readonly draft: Draft
  readonly sha256: string
  /** Decodes the file as its reader would, from the file system, and compares. Throws NotTheDisk. */
  readonly verify: () => Promise<void>
}
