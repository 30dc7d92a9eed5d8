import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** After the name of a base tree: the lock under which it is made. */
export const lockSuffix = '.lock.sqlite'

const keepFor = 36 * 60 * 60 * 1000

/** Removes base trees that nobody has used for a day and a half: each belongs to one compose, which is over by then. */
export async function pruneBases(folder: string, now: Date): Promise<void> {
  for (const name of await readdir(folder)) {
    // A lock that is removed while somebody has it is no lock; it is empty.
    if (name.endsWith(lockSuffix)) continue
    const path = join(folder, name)
    const found = await stat(path).catch(() => null)
    if (found !== null && now.getTime() - found.mtimeMs > keepFor) await rm(path, { force: true })
  }
}
