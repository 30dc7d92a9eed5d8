import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { ArtifactRef } from '#events/vocabulary.ts'
import { sha256OfFile } from './digest.ts'
import { ArtifactCorrupted, ArtifactMissing, type ArtifactStore, type Draft, type KeepOptions } from './store.ts'

/**
 * A store in one folder: `<first two digits>/<sha256>`, drafts beside it so that keeping is a rename.
 * Drafts of processes that are gone are removed by `clearDrafts`.
 */
export async function createFolderStore(root: string): Promise<ArtifactStore & { clearDrafts(): Promise<void> }> {
  const drafts = join(root, 'drafts')
  await mkdir(drafts, { recursive: true })
  const pathOf = (sha256: string) => join(root, sha256.slice(0, 2), sha256)

  async function keep(draft: Draft, { format, sha256, signal }: KeepOptions): Promise<ArtifactRef> {
    const digest = sha256 ?? (await sha256OfFile(draft.path, signal))
    const { size } = await stat(draft.path)
    await makeDurable(draft.path)
    await place(draft.path, pathOf(digest))
    return { uri: `artifact:${digest}`, sha256: digest, size, format }
  }

  async function draft(name: string): Promise<Draft> {
    const folder = join(drafts, `${String(process.pid)}-${randomUUID()}`)
    await mkdir(folder)
    return {
      path: join(folder, basename(name)),
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    }
  }

  async function openArtifact(ref: ArtifactRef): Promise<string> {
    const path = pathOf(ref.sha256)
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
    draft,
    keep,
    open: openArtifact,
    async keepBytes(bytes, format) {
      await using made = await draft(`bytes.${format}`)
      await writeFile(made.path, bytes)
      return await keep(made, { format })
    },
    async verify(ref, signal) {
      const path = await openArtifact(ref)
      const found = await sha256OfFile(path, signal)
      if (found === ref.sha256) return
      throw new ArtifactCorrupted(`the artifact ${ref.sha256} (${ref.format}) now reads as ${found}: ${path}`)
    },
    async clearDrafts() {
      for (const name of await readdir(drafts)) {
        const pid = Number.parseInt(name, 10)
        if (!existsSync(`/proc/${String(pid)}`)) await rm(join(drafts, name), { recursive: true, force: true })
      }
    },
  }
}

/**
 * Moves a durable file to its address. What was there has the same bytes, or has lost them since: then this mends it.
 * Those who have the old file open or linked keep it.
 */
async function place(from: string, to: string): Promise<void> {
  const folder = join(to, '..')
  await mkdir(folder, { recursive: true })
  await rename(from, to)
  await makeDurable(folder)
}

async function makeDurable(path: string): Promise<void> {
  await using handle = await open(path, 'r')
  await handle.sync()
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Gives an artifact a second name without copying; copies where the file systems differ. */
export async function linkArtifact(path: string, to: string): Promise<void> {
  try {
    await link(path, to)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error
    const { copyFile } = await import('node:fs/promises')
    await copyFile(path, to)
  }
}
