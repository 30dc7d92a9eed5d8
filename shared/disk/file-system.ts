/** What a file system has at one path. */
export interface Entry {
  /** From the root of the file system. Bytes that are no UTF-8 stand as U+DC80 to U+DCFF (see decode-name.ts). */
  readonly path: string
  readonly type: EntryType
  /** The twelve bits of permissions. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  /** Entries of the same number are the same file under two names. */
  readonly inode: number
  /** Where a symbolic link leads. */
  readonly target: string | null
  /** Major and minor number: `5:1`. */
  readonly device: string | null
  /** Extended attributes, by their whole names: `security.capability`. */
  readonly attributes: ReadonlyMap<string, Buffer>
  /** A subvolume of btrfs begins here, which can be mounted by itself; one is by default. */
  readonly subvolume?: 'default' | 'other'
}

export type EntryType = 'file' | 'directory' | 'symlink' | 'character device' | 'block device' | 'fifo' | 'socket'

/** Bytes of a file that begin at a position in it. */
export interface Chunk {
  readonly position: number
  readonly bytes: Buffer
}

/**
 * A file system that is read where it lies, without mounting it. What it holds comes from strangers: an implementer bounds
 * the work that a damaged or hostile one can cause, and throws DiskUnreadable. It need not follow symbolic links.
 */
export interface FileSystem {
  readonly kind: string
  readonly uuid: string
  readonly label: string
  /** Everything in it, a directory before what is in it. The root directory is `/`. */
  entries(): AsyncIterable<Entry>
  /** What a file holds, in order; holes are left out. */
  read(entry: Entry): AsyncIterable<Chunk>
}
