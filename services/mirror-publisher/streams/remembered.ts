import type { IndexMemory, IndexText } from '../memory.ts'
import type { ListedFolders } from './listed-drops.ts'
import type { IndexedDrop, StreamDocument } from './stream-document.ts'

/** What was understood of index files, so that it need not be understood again as long as they are the same. */
export interface Remembered {
  /** Streams by path, with the text they were read from. */
  readonly streams: Map<string, { readonly text: IndexText; readonly document: StreamDocument }>
  /** Drops that are in documents of their own as they are. */
  readonly stored: WeakSet<IndexedDrop>
  /** What the list of all files says of drops, with the stamp of the list. */
  listed: { readonly stamp: string; readonly folders: ListedFolders } | null
}

const known = new WeakMap<IndexMemory, Remembered>()

/** What goes with a memory of index files; nothing at first. */
export function rememberedOf(memory: IndexMemory): Remembered {
  const remembered = known.get(memory) ?? { streams: new Map(), stored: new WeakSet(), listed: null }
  known.set(memory, remembered)
  return remembered
}
