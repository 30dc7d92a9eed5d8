import { sha256OfFile } from '#artifacts/digest.ts'
import type { SharedProof, XzFile } from '../compressed-disk.ts'
import type { Conversion } from '../conversion.ts'
import { NotTheDisk } from '../failures.ts'
import { proveXzFile } from './prove.ts'

/** Begins without a file. */
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
