import { link, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArtifactRef } from '#events/vocabulary.ts'
import { isMissing } from '#files/errors.ts'
import { addressOf, placeFile, sizeOf } from '../place.ts'

/** This host's copies of artifacts. */
export interface Cache {
  /** The path of a copy, which counts as used now; null when there is none, or none of the right size. */
  find(ref: ArtifactRef): Promise<string | null>
  /** Takes a file over as the copy of an artifact, and makes room for it. */
  admit(path: string, sha256: string): Promise<string>
}

interface Limits {
  readonly cacheBytes: number
  readonly holdFor: number
}

interface Copy {
  readonly path: string
  readonly bytes: number
  readonly used: number
}

/** Opens a folder of copies. Its files' modification times say when they were used last, to every process here. */
export async function openCache(root: string, limits: Limits): Promise<Cache> {
  await mkdir(join(root, 'leaving'), { recursive: true })
  let clearing: Promise<unknown> = Promise.resolve()
  return {
    async find({ sha256, size }) {
      const path = addressOf(root, sha256)
      if (!(await touch(path))) return null
      if ((await sizeOf(path)) === size) return path
      await rm(path, { force: true })
      return null
    },
    async admit(path, sha256) {
      const to = addressOf(root, sha256)
      await placeFile(path, to)
      await touch(to)
      clearing = clearing.then(() => makeRoom(root, limits))
      await clearing
      return to
    },
  }
}

/** Removes copies until what stays is within the limit; what is in use stays, and may be more than that. */
async function makeRoom(root: string, { cacheBytes, holdFor }: Limits): Promise<void> {
  const { copies, bytes } = await listCopies(root)
  const before = Date.now() - holdFor
  let rest = bytes
  for (const copy of copies.sort((one, other) => one.used - other.used)) {
    if (rest <= cacheBytes || copy.used > before) return
    if (await remove(root, copy.path, before)) rest -= copy.bytes
  }
}

/** Copies that have a second name are in use by whoever gave it; removing ours would free nothing. */
async function listCopies(root: string): Promise<{ copies: Copy[]; bytes: number }> {
  const folders = (await readdir(root)).filter((name) => /^[0-9a-f]{2}$/.test(name))
  const paths = await Promise.all(
    folders.map(async (name) => (await readdir(join(root, name))).map((file) => join(root, name, file))),
  )
  const copies: Copy[] = []
  let bytes = 0
  for (const path of paths.flat()) {
    const found = await stat(path).catch(nullIfMissing)
    if (!found) continue
    bytes += found.blocks * 512
    if (found.nlink === 1) copies.push({ path, bytes: found.blocks * 512, used: found.mtimeMs })
  }
  return { copies, bytes }
}

/** First out of sight, then looked at once more: another process may have opened it since. */
async function remove(root: string, path: string, before: number): Promise<boolean> {
  const aside = join(root, 'leaving', `${String(process.pid)}-${String(Math.random()).slice(2)}`)
  if ((await rename(path, aside).catch(nullIfMissing)) === null) return false
  const { mtimeMs } = await stat(aside)
  const isWanted = mtimeMs > before
  if (isWanted) await link(aside, path).catch(() => null)
  await rm(aside)
  return !isWanted
}

async function touch(path: string): Promise<boolean> {
  const now = new Date()
  return (await utimes(path, now, now).catch(nullIfMissing)) !== null
}

function nullIfMissing(error: unknown): null {
  if (isMissing(error)) return null
  throw error
}
