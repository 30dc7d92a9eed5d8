import { sha256OfFile } from '#artifacts/digest.ts'
import type { Conversion } from '../conversion.ts'
import { NotTheDisk } from '../failures.ts'
import { proveXzFile } from './prove.ts'
import type { XzFile } from './xz-file.ts'

/**
 * One decoding for all files that hold the same stream: of the one with most around it. The stream was written into all of
 * them out of the same memory, so the others are proved by their own digests.
 */
export interface SharedProof {
  readonly add: (file: XzFile) => void
  /** Proves one of the files that were added. Throws NotTheDisk. */
  readonly prove: (file: XzFile) => Promise<void>
}

export function createSharedProof(conversion: Conversion): SharedProof {
  const files: XzFile[] = []
  let decoded: Promise<void> | null = null
  return {
    add: (file) => void files.push(file),
    async prove(file) {
      const [largest = file] = files.toSorted((one, other) => other.streams.length - one.streams.length)
      await (decoded ??= proveXzFile(largest, conversion))
      if (file === largest) return
      const found = await sha256OfFile(file.path, conversion.signal)
      if (found !== file.sha256) {
        throw new NotTheDisk(`the ${file.format} made of the disk reads as ${found} instead of ${file.sha256}`)
      }
    },
  }
}
