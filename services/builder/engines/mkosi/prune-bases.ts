import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

const keepFor = 36 * 60 * 60 * 1000

/** Removes base trees that nobody has used for a day and a half: each belongs to one compose, which is over by then. */
export async function pruneBases(folder: string, now: Date): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const found = await stat(path).catch(() => null)
    if (found !== null && now.getTime() - found.mtimeMs > keepFor) await rm(path, { force: true })
  }
}
