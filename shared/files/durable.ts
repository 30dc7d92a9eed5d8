import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isMissing } from './errors.ts'

/**
 * Puts a file in place whole: a reader sees the old bytes or the new ones, also after a power cut. Of processes that write
 * the same file at once, the last one's stays. Its folder is made.
 */
export async function writeDurably(path: string, bytes: string | Uint8Array): Promise<void> {
  const aside = join(dirname(path), `.${basename(path)}.${randomUUID()}`)
  await mkdir(dirname(path), { recursive: true })
  try {
    {
      await using file = await open(aside, 'wx')
      await file.writeFile(bytes)
      await file.sync()
    }
    await rename(aside, path)
  } catch (error) {
    await rm(aside, { force: true })
    throw error
  }
  await syncPath(dirname(path))
}

/** The bytes of a file; null when there is none. */
export async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** Makes a file durable under another name, in a folder that is there; what had that name is replaced. */
export async function moveDurably(from: string, to: string): Promise<void> {
  await syncPath(from)
  await rename(from, to)
  await syncPath(dirname(to))
}

/** Makes a file's bytes, or a folder's entries, durable. */
export async function syncPath(path: string): Promise<void> {
  await using handle = await open(path, 'r')
  await handle.sync()
}
