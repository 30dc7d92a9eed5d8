import { chmod, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sha256OfFile } from '#artifacts/digest.ts'
import type { MirroredFile } from '#events/vocabulary.ts'

/** Makes a folder and the parents that it lacks, each durable, all with the mode given whatever the umask. */
export async function makeFolder(path: string, mode = 0o755): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode })
  if (first === undefined) return
  for (let made = path; ; made = dirname(made)) {
    await chmod(made, mode)
    await syncFolder(dirname(made))
    if (made === first) return
  }
}

/** Writes a public file; durable when it resolves. */
export async function writeDurably(path: string, text: string): Promise<void> {
  await using file = await open(path, 'w', 0o644)
  await file.writeFile(text)
  await file.chmod(0o644)
  await file.sync()
}

/** Renames, and makes the rename durable in both folders. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to)
  await syncFolder(dirname(to))
  if (dirname(from) !== dirname(to)) await syncFolder(dirname(from))
}

/** Makes the bytes and the mode of a file durable. */
export async function syncFile(path: string): Promise<void> {
  await using file = await open(path, 'r')
  await file.sync()
}

/** Makes the entries of a folder durable. */
export const syncFolder = syncFile

/** Makes a folder durable with every folder below it. */
export async function syncTree(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await syncTree(join(path, entry.name))
  }
  await syncFolder(path)
}

/** Removes a tree by way of a name that nobody reads, so that no part of it is ever seen under its own. */
export async function discard(path: string, aside: string): Promise<void> {
  await rm(aside, { recursive: true, force: true })
  try {
    await renameDurably(path, aside)
  } catch (error) {
    if (isMissing(error)) return
    throw error
  }
  await rm(aside, { recursive: true, force: true })
}

/** A file of the tree as events tell it, read as it is on disk. */
export async function describeFile(folder: string, path: string): Promise<MirroredFile> {
  const at = join(folder, path)
  const { size } = await stat(at)
  return { path, sha256: await sha256OfFile(at), size, image: null }
}

/** True for the error of a path that is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}
