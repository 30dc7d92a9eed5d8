import { stat, statfs } from 'node:fs/promises'
import type { ArtifactStore } from '#artifacts/store.ts'
import { isDiskFull } from '#files/errors.ts'
import { PermanentError } from '#service/errors.ts'
import type { PlannedFile } from '../plan-tree.ts'

/** Evidence, indexes, checksums and folders of a drop, generously. */
export const forIndexes = 16 * 1024 * 1024

/**
 * Throws PermanentError (capacity) when the mirror master cannot take the files. Hard links take no room; on
 * another file system than the store's, every byte is copied.
 */
export async function assertRoom(
  files: readonly Pick<PlannedFile, 'artifact'>[],
  artifacts: ArtifactStore,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const { dev } = await stat(folder)
  let wanted = forIndexes
  for (const { artifact } of files) {
    const source = await stat(await artifacts.open(artifact, signal))
    if (source.dev !== dev) wanted += artifact.size
  }
  const free = await freeBytes(folder)
  if (free < wanted) throw noRoom(wanted, free)
}

/** Turns the system's word for a full disk into ours, which tells the sizes; gives other errors back. */
export async function explainFullDisk(error: unknown, wanted: number, folder: string): Promise<unknown> {
  if (!isDiskFull(error)) return error
  return noRoom(wanted, await freeBytes(folder), error)
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

function noRoom(wanted: number, free: number, cause?: unknown): PermanentError {
  const sizes = `${inMebibytes(wanted)} wanted, ${inMebibytes(free)} free`
  return new PermanentError('capacity', `no space left on the mirror master: ${sizes}`, { cause })
}

function inMebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB (${String(bytes)} bytes)`
}
