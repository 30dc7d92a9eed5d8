import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256OfFile } from '#artifacts/digest.ts'
import { ArtifactCorrupted, ArtifactMissing } from '#artifacts/store.ts'
import type { Progress } from '#bus/bus.ts'
import type { MirroredFile } from '#events/vocabulary.ts'
import { isMissing } from '../durable.ts'

interface VerifyOptions {
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
  readonly phase: string
}

/** Reads every file through and compares. Throws ArtifactMissing or ArtifactCorrupted naming the first that differs. */
export async function verifyFiles(
  folder: string,
  files: readonly Pick<MirroredFile, 'path' | 'sha256' | 'size'>[],
  { signal, progress, phase }: VerifyOptions,
): Promise<void> {
  const total = files.reduce((sum, { size }) => sum + size, 0)
  let done = 0
  for (const file of files) {
    progress({ phase, done, total, unit: 'bytes' })
    await verifyFile(join(folder, file.path), file, signal)
    done += file.size
  }
  progress({ phase, done, total, unit: 'bytes' })
}

type Expected = Pick<MirroredFile, 'path' | 'sha256' | 'size'>

async function verifyFile(at: string, { path, sha256, size }: Expected, signal: AbortSignal): Promise<void> {
  const found = await sizeOf(at)
  if (found === null) throw new ArtifactMissing(`${path} is gone: ${at}`)
  if (found !== size) {
    throw new ArtifactCorrupted(`${path} has ${String(found)} bytes instead of ${String(size)}: ${at}`)
  }
  const digest = await sha256OfFile(at, signal)
  if (digest !== sha256) {
    throw new ArtifactCorrupted(`${path} is corrupted: its SHA-256 is ${digest} instead of ${sha256}: ${at}`)
  }
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}
