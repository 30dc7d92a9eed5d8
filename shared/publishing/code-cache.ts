import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What nobody has compiled anew for so long is of a version of ours or of Node that is gone, or is worth compiling once. */
const oldest = 30 * 24 * 3_600_000

/**
 * Gives a folder for the compiled code of our own programs, for Node's `NODE_COMPILE_CACHE`, and forgets what is old in it. Null where
 * there can be none: it only saves time. Whoever could write to it would have their code run as ours, so a folder that others can
 * write to is not used.
 */
export async function openCodeCache(folder: string): Promise<string | null> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const { uid, mode } = await stat(folder)
    if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return null
    await forgetOld(folder)
    return folder
  } catch {
    return null
  }
}

async function forgetOld(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const file of entries.filter((entry) => entry.isFile())) {
    const path = join(file.parentPath, file.name)
    if ((await stat(path)).mtimeMs < Date.now() - oldest) await rm(path, { force: true })
  }
}
