import { hash, randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { readIfThere } from '#files/durable.ts'
import { isDiskFull, isMissing, nothingIfMissing } from '#files/errors.ts'

/** Encoded pieces of disks by what was encoded. It may forget each of them at any time, and never gives a damaged one. */
export interface PieceCache {
  readonly has: (kind: string, key: string) => Promise<boolean>
  readonly get: (kind: string, key: string) => Promise<Buffer | null>
  readonly put: (kind: string, key: string, bytes: Buffer) => Promise<void>
  /** Forgets those that were not used for the longest time until the rest is small enough; looks only when much was put since. */
  readonly trim: () => Promise<void>
}

/** Where a cache is, and how large it may be. */
export interface PieceCacheOptions {
  readonly folder: string
  /** How many bytes it keeps; 0 keeps none. */
  readonly limit: number
}

const digestLength = 32
/** A look at all pieces takes a second where there are many, so it may become too large by this part of the limit. */
const looks = 20

/**
 * A cache in a folder, which all processes of a host may share: a file for each piece, under the SHA-256 that it begins
 * with. A piece is written beside its place and renamed, so that a process may be killed at any time; nothing is synced,
 * because what a power cut damages is found by its digest and made again.
 */
export function createPieceCache({ folder, limit }: PieceCacheOptions): PieceCache {
  const pathOf = (kind: string, key: string) => join(folder, kind, key.slice(0, 2), key)

  /** What others have put is not known at the beginning. */
  let put = limit

  return {
    async has(kind, key) {
      return limit > 0 && (await exists(pathOf(kind, key)))
    },

    async get(kind, key) {
      if (limit === 0) return null
      const path = pathOf(kind, key)
      const file = await readIfThere(path)
      if (file === null) return null
      const bytes = file.subarray(digestLength)
      if (!file.subarray(0, digestLength).equals(hash('sha256', bytes, 'buffer'))) {
        await rm(path, { force: true })
        return null
      }
      const now = new Date()
      // Another process may have trimmed it away meanwhile.
      await utimes(path, now, now).catch(ignoreMissing)
      return bytes
    },

    async put(kind, key, bytes) {
      if (limit === 0) return
      const path = pathOf(kind, key)
      const aside = join(folder, `${randomUUID()}${unfinished}`)
      await mkdir(join(path, '..'), { recursive: true })
      try {
        {
          await using file = await open(aside, 'wx')
          await file.writev([hash('sha256', bytes, 'buffer'), bytes])
        }
        await rename(aside, path)
        put += bytes.length
      } catch (error) {
        await rm(aside, { force: true })
        // What is made does not depend on what is kept.
        if (!isDiskFull(error)) throw error
      }
    },

    async trim() {
      if (put <= limit / looks) return
      put = 0
      await trimPieces(folder, limit)
    },
  }
}

/** Removes all pieces that are kept, also those of processes that are at work: they make them again. */
export async function clearPieces(folder: string): Promise<void> {
  await trimPieces(folder, 0)
}

async function trimPieces(folder: string, limit: number): Promise<void> {
  const pieces = await listPieces(folder)
  let size = pieces.reduce((sum, piece) => sum + piece.size, 0)
  for (const piece of pieces.toSorted((one, other) => one.usedAt - other.usedAt)) {
    if (size <= limit) break
    await rm(piece.path, { force: true })
    size -= piece.size
  }
  await removeUnfinished(folder)
}

/** One piece that is kept. */
export interface KeptPiece {
  readonly kind: string
  readonly path: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly usedAt: number
}

/** All that is kept in the folder of a cache; nothing when there is none. */
export async function listPieces(folder: string): Promise<KeptPiece[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(nothingIfMissing)
  const pieces: KeptPiece[] = []
  for (const entry of entries) {
    if (!entry.isFile() || entry.name.endsWith(unfinished)) continue
    const path = join(entry.parentPath, entry.name)
    const kind = entry.parentPath.slice(folder.length + 1).split('/')[0] ?? ''
    const found = await stat(path).catch(ignoreMissing)
    if (found) pieces.push({ kind, path, size: found.size, usedAt: found.mtimeMs })
  }
  return pieces
}

const unfinished = '.unfinished'
const longestWrite = 3_600_000

/** What killed processes were writing. */
async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(nothingIfMissing)) {
    const path = join(folder, name)
    const found = name.endsWith(unfinished) ? await stat(path).catch(ignoreMissing) : undefined
    if (found && Date.now() - found.mtimeMs > longestWrite) await rm(path, { force: true })
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(ignoreMissing)) !== undefined
}

function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error
}
