import { link, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArtifactRef } from '#events/vocabulary.ts'
import { hasCode } from '#files/errors.ts'
import { sha256OfFile } from './digest.ts'
import { openDrafts } from './drafts.ts'
import { addressOf, placeFile, sizeOf } from './place.ts'
import { listFolder, removeFile, restoreLeft } from './stock.ts'
import {
  ArtifactCorrupted,
  ArtifactMissing,
  type ArtifactStock,
  type ArtifactStore,
  type Draft,
  type KeepOptions,
} from './store.ts'

/**
 * A store in one folder: `<first two digits>/<sha256>`, drafts beside it so that keeping is a rename.
 * What processes that are gone have left half done is put right by `tidy`.
 */
export async function createFolderStore(
  root: string,
): Promise<ArtifactStore & ArtifactStock & { tidy(): Promise<void> }> {
  const drafts = await openDrafts(join(root, 'drafts'))

  async function keep(draft: Draft, { format, sha256, signal }: KeepOptions): Promise<ArtifactRef> {
    const digest = sha256 ?? (await sha256OfFile(draft.path, signal))
    const { size } = await stat(draft.path)
    await placeFile(draft.path, addressOf(root, digest))
    return { uri: `artifact:${digest}`, sha256: digest, size, format }
  }

  async function openArtifact(ref: ArtifactRef): Promise<string> {
    const path = addressOf(root, ref.sha256)
    const size = await sizeOf(path)
    if (size === null) throw new ArtifactMissing(`the artifact ${ref.sha256} (${ref.format}) is not in ${root}`)
    if (size !== ref.size) {
      throw new ArtifactCorrupted(
        `the artifact ${ref.sha256} (${ref.format}) has ${String(size)} bytes instead of ${String(ref.size)}: ${path}`,
      )
    }
    return path
  }

  return {
    draft: drafts.make,
    keep,
    open: openArtifact,
    async keepBytes(bytes, format) {
      await using made = await drafts.make(`bytes.${format}`)
      await writeFile(made.path, bytes)
      return await keep(made, { format })
    },
    async verify(ref, signal) {
      const path = await openArtifact(ref)
      const found = await sha256OfFile(path, signal)
      if (found === ref.sha256) return
      throw new ArtifactCorrupted(`the artifact ${ref.sha256} (${ref.format}) now reads as ${found}: ${path}`)
    },
    list: () => listFolder(root),
    remove: (sha256, since) => removeFile(root, sha256, since),
    async tidy() {
      await drafts.clear()
      await restoreLeft(root)
    },
  }
}

/** Gives an artifact a second name without copying; copies where the file systems differ. */
export async function linkArtifact(path: string, to: string): Promise<void> {
  try {
    await link(path, to)
  } catch (error) {
    if (!hasCode(error, 'EXDEV')) throw error
    const { copyFile } = await import('node:fs/promises')
    await copyFile(path, to)
  }
}
