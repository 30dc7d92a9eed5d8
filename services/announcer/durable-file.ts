import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * Puts a file in place whole: a reader sees the old bytes or the new ones, also after a power cut. Processes that write
 * the same file at once do not meet; the last one's stays.
 */
export async function writeDurably(path: string, bytes: string | Uint8Array): Promise<void> {
  const folder = dirname(path)
  const aside = join(folder, `.${basename(path)}.${randomUUID()}`)
  await mkdir(folder, { recursive: true })
  try {
    await using handle = await open(aside, 'w')
    await handle.writeFile(bytes)
    await handle.sync()
    await rename(aside, path)
  } catch (error) {
    await rm(aside, { force: true })
    throw error
  }
  await using entries = await open(folder, 'r')
  await entries.sync()
}

/** The bytes of a file; null when there is none. */
export async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
