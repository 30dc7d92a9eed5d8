import { createHash } from 'node:crypto'
import { chmod, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sha256OfFile } from '#artifacts/digest.ts'
import type { MirroredFile } from '#events/vocabulary.ts'

/** Makes a folder and the parents that it lacks, all with the mode given whatever the umask; resolves with them. */
export async function makeFolder(path: string, mode = 0o755): Promise<string[]> {
  const first = await mkdir(path, { recursive: true, mode })
  if (first === undefined) return []
  const made: string[] = []
  for (let folder = path; folder !== dirname(first); folder = dirname(folder)) {
    await chmod(folder, mode)
    made.push(folder)
  }
  return made
}

/** Makes a folder that is there after a power cut. */
export async function makeFolderDurably(path: string, mode = 0o755): Promise<void> {
  const made = await makeFolder(path, mode)
  await Promise.all(made.map((folder) => syncPath(dirname(folder))))
}

/** Writes a file that the world may read. */
export async function writePublicFile(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(path, content)
  await chmod(path, 0o644)
}

/** Writes a file below a folder, made where it is missing, that the world may read; says it as events tell it. */
export async function putFile(folder: string, path: string, content: string | Uint8Array): Promise<MirroredFile> {
  const at = join(folder, path)
  await makeFolder(dirname(at))
  await writePublicFile(at, content)
  const sha256 = createHash('sha256').update(content).digest('hex')
  return { path, sha256, size: Buffer.byteLength(content), image: null }
}

/** Renames, and makes the rename durable in both folders. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to)
  await Promise.all([...new Set([dirname(from), dirname(to)])].map(syncPath))
}

/** Makes a file's bytes, or a folder's entries, durable. */
export async function syncPath(path: string): Promise<void> {
  await using handle = await open(path, 'r')
  await handle.sync()
}

/** Makes a whole tree durable. All at once: a file system commits them together. */
export async function syncTree(path: string): Promise<void> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  await Promise.all([path, ...entries.map((entry) => join(entry.parentPath, entry.name))].map(syncPath))
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
