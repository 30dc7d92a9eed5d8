import { randomUUID } from 'node:crypto'
import { link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode, isMissing } from '#files/errors.ts'
import { addressOf } from './place.ts'
import type { StoredArtifact } from './store.ts'

/** What a folder of artifacts has. */
export async function* listFolder(root: string): AsyncGenerator<StoredArtifact> {
  const folders = (await readdir(root)).filter((name) => /^[0-9a-f]{2}$/.test(name))
  for (const folder of folders) {
    for (const sha256 of await readdir(join(root, folder))) {
      if (!/^[0-9a-f]{64}$/.test(sha256)) continue
      const found = await stat(addressOf(root, sha256)).catch(nullIfMissing)
      // A file that is kept is renamed, which changes its inode; the time of its bytes is the tool's that wrote them.
      if (found) yield { sha256, bytes: found.blocks * 512, keptAt: found.ctime }
    }
  }
}

/**
 * Removes a file unless it was kept since a time. First out of sight, then looked at once more: the file may be another by now, kept
 * again with the same bytes.
 */
export async function removeFile(root: string, sha256: string, since: Date): Promise<boolean> {
  const path = addressOf(root, sha256)
  const old = await stat(path).catch(nullIfMissing)
  if (old === null || old.ctime >= since) return false
  const aside = join(root, leaving, `${sha256}~${randomUUID()}`)
  await mkdir(join(root, leaving), { recursive: true })
  if ((await rename(path, aside).catch(nullIfMissing)) === null) return false
  const found = await stat(aside).catch(nullIfMissing)
  // A process that starts has put it back.
  if (found === null) return false
  const isOther = found.ino !== old.ino || found.mtimeMs !== old.mtimeMs
  if (isOther) await putBack(aside, path)
  else await rm(aside, { force: true })
  return !isOther
}

/** Puts back what a process that was killed had taken out of sight and not yet removed: it may be needed. */
export async function restoreLeft(root: string): Promise<void> {
  const names = await readdir(join(root, leaving)).catch(nullIfMissing)
  for (const name of names ?? []) await putBack(join(root, leaving, name), addressOf(root, name.split('~')[0] ?? ''))
}

const leaving = 'leaving'

/** What has come in its place meanwhile has the same bytes. */
async function putBack(aside: string, path: string): Promise<void> {
  try {
    await link(aside, path)
  } catch (error) {
    if (!hasCode(error, 'EEXIST') && !isMissing(error)) throw error
  }
  await rm(aside, { force: true })
}

function nullIfMissing(error: unknown): null {
  if (isMissing(error)) return null
  throw error
}
