import { posix } from 'node:path'
import { DiskUnreadable } from '#disk/errors.ts'
import type { Chunk, Entry } from '#disk/file-system.ts'

/** A file of an image, wherever it is mounted. */
export interface TreeEntry extends Entry {
  /** Which file system it is in. */
  readonly fileSystem: string
  readonly read: () => AsyncIterable<Chunk>
}

/** The files of an image as one tree, as the running system sees it. */
export interface Tree {
  readonly entries: ReadonlyMap<string, TreeEntry>
  /** Names in a directory, sorted; none when there is no such directory. */
  names(path: string): readonly string[]
  /** What a path leads to, symbolic links followed within the image; null when it leads nowhere. */
  find(path: string): TreeEntry | null
  /** A text that fits in memory; null when there is no such file. */
  text(path: string): Promise<string | null>
}

const mostLinks = 40
const longestText = 64 * 1024 ** 2

export function createTree(found: readonly TreeEntry[]): Tree {
  const entries = new Map(found.map((entry) => [entry.path, entry]))
  const children = new Map<string, string[]>()
  for (const path of entries.keys()) {
    if (path === '/') continue
    const names = children.get(posix.dirname(path))
    if (names === undefined) children.set(posix.dirname(path), [posix.basename(path)])
    else names.push(posix.basename(path))
  }

  function find(path: string, linksLeft = mostLinks): TreeEntry | null {
    let at = '/'
    const names = path.split('/').filter(Boolean)
    for (const [index, name] of names.entries()) {
      at = posix.join(at, name)
      const entry = entries.get(at)
      if (entry === undefined) return null
      if (entry.target === null) continue
      if (linksLeft === 0) return null
      const rest = names.slice(index + 1).join('/')
      return find(posix.resolve(posix.dirname(at), entry.target, rest), linksLeft - 1)
    }
    return entries.get(at) ?? null
  }

  return {
    entries,
    find,
    names: (path) => (children.get(find(path)?.path ?? '') ?? []).toSorted(),
    async text(path) {
      const entry = find(path)
      return entry?.type === 'file' ? (await contentOf(entry)).toString('utf8') : null
    },
  }
}

/** All that a file holds. Throws DiskUnreadable when that is more than a text has. */
export async function contentOf({ path, size, read }: TreeEntry): Promise<Buffer> {
  if (size > longestText)
    throw new DiskUnreadable(`${JSON.stringify(path)} has ${String(size)} bytes, and should be short`)
  const whole = Buffer.alloc(size)
  for await (const { position, bytes } of read()) bytes.copy(whole, position)
  return whole
}
