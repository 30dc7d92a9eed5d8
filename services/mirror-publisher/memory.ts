import { readFile, stat } from 'node:fs/promises'
import { isMissing } from './durable.ts'

/** Index files as they were read or written last; a file is read again only when it has changed. */
export interface IndexMemory {
  /** Null for a file that is not there; the same object as long as the file is the same. */
  read(path: string): Promise<IndexText | null>
  /** Remembers what was put in place just now, so that it need not be read; null when it is gone again. */
  keep(path: string, text: string): Promise<IndexText | null>
}

export interface IndexText {
  readonly text: string
}

/** Makes an empty memory. With it, a change of one release costs the same however many others there are. */
export function createIndexMemory(): IndexMemory {
  const known = new Map<string, IndexText & { readonly stamp: string }>()
  return {
    async read(path) {
      const stamp = await stampOf(path)
      if (stamp === null) return null
      const before = known.get(path)
      if (before?.stamp === stamp) return before
      const fresh = { stamp, text: await readFile(path, 'utf8') }
      known.set(path, fresh)
      return fresh
    },
    async keep(path, text) {
      const stamp = await stampOf(path)
      if (stamp === null) return null
      const kept = { stamp, text }
      known.set(path, kept)
      return kept
    },
  }
}

/** What tells a file from the one before it: files are replaced, never written into, so a change has another inode. */
export async function stampOf(path: string): Promise<string | null> {
  try {
    const { ino, mtimeNs, ctimeNs, size } = await stat(path, { bigint: true })
    return [ino, mtimeNs, ctimeNs, size].map(String).join(' ')
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}
