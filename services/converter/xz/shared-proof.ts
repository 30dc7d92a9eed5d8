import type { Workshop } from '../workshop.ts'
import { proveXzFile, type XzFile } from './prove.ts'

/** One proof for all the files that hold one stream. */
export interface SharedProof {
  /** Names a file that holds the stream whole: it is decoded in the stream's stead, and proves both. */
  readonly takeInstead: (file: XzFile) => void
  /** Decodes once, whoever asks and however often. Throws NotTheDisk. */
  readonly prove: () => Promise<void>
}

/** Starts with the file that holds the stream alone. */
export function createSharedProof(alone: XzFile, workshop: Workshop): SharedProof {
  let file = alone
  let proof: Promise<void> | null = null
  return {
    takeInstead(other) {
      file = other
    },
    prove: () => (proof ??= proveXzFile(file, workshop)),
  }
}
