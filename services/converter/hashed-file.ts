import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { Conversion } from './conversion.ts'

/** Writes a file from its start to its end and hashes what is written, so that nothing is read again for its digest. */
export interface HashedFile {
  readonly append: (bytes: Buffer) => Promise<void>
  /** Closes it; call it once, when all is written. */
  readonly close: () => Promise<{ readonly sha256: string; readonly size: number }>
}

/** Opens a new file, which is closed at the end of the conversion if it was not before. */
export async function createHashedFile(path: string, { atEnd }: Pick<Conversion, 'atEnd'>): Promise<HashedFile> {
  const file = await open(path, 'w')
  atEnd(() => file.close())
  const hash = createHash('sha256')
  let size = 0
  return {
    async append(bytes) {
      hash.update(bytes)
      await file.appendFile(bytes)
      size += bytes.length
    },
    async close() {
      await file.close()
      return { sha256: hash.digest('hex'), size }
    },
  }
}
