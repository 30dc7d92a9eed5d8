import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { digestsOfFile } from '#artifacts/digest.ts'
import { ArtifactCorrupted, ArtifactMissing } from '#artifacts/store.ts'
import type { Progress } from '#bus/bus.ts'
import type { MirroredFile } from '#events/vocabulary.ts'
import { sideBySide } from '#service/side-by-side.ts'
import { isMissing } from '../durable.ts'

interface VerifyOptions {
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
  readonly phase: string
  /** Gives the SHA-512 of every file too, from the same bytes: no file is read twice. */
  readonly sha512?: boolean
  /** Files that were written before this time, in milliseconds, are known to be right, and only their size is looked at. */
  readonly writtenSince?: number
}

/**
 * Reads every file through and compares, a few at a time. Throws ArtifactMissing or ArtifactCorrupted naming one that differs.
 * Resolves with the SHA-512 by path, when they are wanted.
 */
export async function verifyFiles(
  folder: string,
  files: readonly Expected[],
  { signal, progress, phase, sha512 = false, writtenSince = -Infinity }: VerifyOptions,
): Promise<Map<string, string>> {
  const digests = new Map<string, string>()
  const total = files.reduce((sum, { size }) => sum + size, 0)
  let done = 0
  progress({ phase, done, total, unit: 'bytes' })
  const looks = files.map((file) => async (stop: AbortSignal) => {
    const digest = await verifyFile(join(folder, file.path), file, { sha512, signal: stop, writtenSince })
    if (digest !== null) digests.set(file.path, digest)
    done += file.size
    progress({ phase, done, total, unit: 'bytes' })
  })
  await sideBySide(looks, { atOnce: availableParallelism(), signal })
  return digests
}

type Expected = Pick<MirroredFile, 'path' | 'sha256' | 'size'>

async function verifyFile(
  at: string,
  { path, sha256, size }: Expected,
  { sha512, signal, writtenSince }: Required<Pick<VerifyOptions, 'sha512' | 'signal' | 'writtenSince'>>,
): Promise<string | null> {
  const found = await statsOf(at)
  if (found === null) throw new ArtifactMissing(`${path} is gone: ${at}`)
  if (found.size !== size) {
    throw new ArtifactCorrupted(`${path} has ${String(found.size)} bytes instead of ${String(size)}: ${at}`)
  }
  if (found.mtimeMs < writtenSince) return null
  const [digest, other = null] = await digestsOfFile(at, sha512 ? ['sha256', 'sha512'] : ['sha256'], signal)
  if (digest !== sha256) {
    throw new ArtifactCorrupted(`${path} is corrupted: its SHA-256 is ${String(digest)} instead of ${sha256}: ${at}`)
  }
  return other
}

async function statsOf(path: string): Promise<Stats | null> {
  try {
    return await stat(path)
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}
