import { join } from 'node:path'
import type { ArtifactStore } from '#artifacts/store.ts'
import type { Setting } from './evidence/maker.ts'

/** The mirror master: what the service works on. */
export interface Mirror extends Setting {
  /** The folder that mirrors copy. */
  readonly root: string
  readonly artifacts: ArtifactStore
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
