import type { Bytes } from '#disk/bytes.ts'
import type { FileSystem } from '#disk/file-system.ts'
import type { PartitionTable } from '#disk/partitions.ts'
import type { Volume } from '#image/facts/partitions.ts'
import type { Packages } from '#image/facts/package-database.ts'
import type { Tree } from '#image/tree.ts'
import type { Expectations } from '../expectations/expectations.ts'
import type { Esp } from './esp.ts'

/** A disk as it lies there, before anything has booted from it. */
export interface Disk {
  /** A raw file, which is read only. */
  readonly path: string
  readonly bytes: Bytes
  /** Null when it has no partitions. */
  readonly table: PartitionTable | null
  readonly volumes: readonly Volume[]
  /** Null when it has none. */
  readonly esp: Esp | null
  /** Why its files cannot be read; null when they can. */
  readonly unreadable: string | null
  /** The size of the same image of an earlier drop, where there is one. */
  readonly earlierBytes: number | null
  /** A folder for copies. */
  readonly scratch: string
  readonly signal: AbortSignal
}

/** A disk of which the files can be read. */
export interface System extends Disk {
  readonly tree: Tree
  readonly root: FileSystem
  /** `fault` says why the database cannot be read; null when it can, or there is none. */
  readonly packages: Pick<Packages, 'facts'> & { readonly fault: string | null }
  /** The system by the name that it gives itself: `ID` of os-release. */
  readonly id: string
  /** What such a system has; null when nobody has written it down. */
  readonly expected: Expectations | null
}
