import type { SharedProof, XzFile } from '../compressed-disk.ts'
import type { Conversion } from '../conversion.ts'
import { proveXzFile } from './prove.ts'

/** Starts with the file that holds the stream alone. */
export function createSharedProof(alone: XzFile, conversion: Conversion): SharedProof {
  let file = alone
  let proof: Promise<void> | null = null
  return {
    takeInstead(other) {
      file = other
    },
    prove: () => (proof ??= proveXzFile(file, conversion)),
  }
}
