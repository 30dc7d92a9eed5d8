import { join } from 'node:path'
import type { ArtifactStore } from '#artifacts/store.ts'
import type { Setting } from './evidence/maker.ts'
import type { Master } from './masters.ts'
import type { IndexMemory } from './memory.ts'

/** The mirror master: what the service works on. */
export interface Mirror extends Setting {
  /** The folder that mirrors copy. */
  readonly root: string
  readonly artifacts: ArtifactStore
  /** Where the world reaches the root, with a slash at its end; null when nobody said. */
  readonly publicUrl: string | null
  /** How long the files of a drop that expired stay after no index names them any more, in milliseconds. */
  readonly grace: number
  /** Other masters, which are to hold the same. */
  readonly masters: readonly Master[]
  /** After how long one that could not be reached is tried again, in milliseconds. */
  readonly retryMasters: number
  readonly memory: IndexMemory
}

/** Name of the closed folder in the mirror root; on the same file system, so that opening is a rename. */
export const stagingName = '.staging'

/** Where one drop lives before and after it is public. Drop ids never start with a dot, so nothing collides. */
export function foldersOf(root: string, drop: string) {
  const staging = join(root, stagingName)
  return {
    staging,
    /** Complete and closed. */
    staged: join(staging, drop),
    /** In the making; removed whenever it is met. */
    partial: join(staging, `.partial-${drop}`),
    /** On its way out; removed whenever it is met. */
    withdrawn: join(staging, `.withdrawn-${drop}`),
  }
}
