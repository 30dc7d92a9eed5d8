import { mkdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { moveDurably } from '#files/durable.ts'
import { isMissing } from '#files/errors.ts'

/** Where an artifact lies under a root: `<first two digits>/<sha256>`. */
export function addressOf(root: string, sha256: string): string {
  return join(root, sha256.slice(0, 2), sha256)
}

/**
 * Makes a file durable and moves it to its address. What was there has the same bytes, or has lost them since: then
 * this mends it. Those who have the old file open or linked keep it.
 */
export async function placeFile(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await moveDurably(from, to)
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
