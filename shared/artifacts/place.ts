import { mkdir, open, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Where an artifact lies under a root: `<first two digits>/<sha256>`. */
export function addressOf(root: string, sha256: string): string {
  return join(root, sha256.slice(0, 2), sha256)
}

/**
 * Makes a file durable and moves it to its address. What was there has the same bytes, or has lost them since: then
 * this mends it. Those who have the old file open or linked keep it.
 */
export async function placeFile(from: string, to: string): Promise<void> {
  await makeDurable(from)
  const folder = dirname(to)
  await mkdir(folder, { recursive: true })
  await rename(from, to)
  await makeDurable(folder)
}

/** The size of a file in bytes; null when there is none. */
export async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** Whether a file operation failed because there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

async function makeDurable(path: string): Promise<void> {
  await using handle = await open(path, 'r')
  await handle.sync()
}
