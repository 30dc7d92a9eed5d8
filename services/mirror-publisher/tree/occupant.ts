import { lstat, readdir } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { PermanentError } from '#service/errors.ts'
import type { TreePlan } from '../plan-tree.ts'
import { isMissing } from '../durable.ts'
import { signedNames } from '../signing/sums.ts'
import { noteFiles, readNote } from './note.ts'
import { readRecord, recordName, type DropRecord } from './record.ts'

/**
 * The drop that is public at a path now; null when the path is free, or holds but
 * the note of one that was withdrawn. Throws PermanentError when anything there is
 * not ours: we neither hide nor remove what others put there.
 */
export async function occupantOf(folder: string): Promise<DropRecord | null> {
  const entries = await entriesOf(folder)
  if (entries.length === 0) return null
  const isNote = (await readNote(folder)) !== null && entries.every((path) => noteFiles.includes(path))
  if (isNote) return null
  const record = await readRecord(folder)
  const ours = new Set([recordName, ...signedNames, ...(record?.files ?? []).flatMap(({ path }) => withFolders(path))])
  const foreign = record ? entries.filter((path) => !ours.has(path)) : entries
  if (foreign.length === 0) return record
  const some = foreign.slice(0, 5).join(', ') + (foreign.length > 5 ? ', …' : '')
  throw new PermanentError('refused', `${folder} holds what imagedrop did not put there (${some}): move it away first`)
}

/** Throws PermanentError when the plan's path holds a newer compose: late news never replace it. */
export function assertNotOlder({ drop, path, identity }: TreePlan, occupant: DropRecord | null): void {
  if (occupant === null || occupant.drop === drop) return
  const { compose } = identity
  if (order(compose) >= order(occupant.compose)) return
  const reason = `${path} holds the newer ${occupant.drop}: supersede that one first`
  throw new PermanentError('refused', `${drop} cannot be published: ${reason}`)
}

function order({ date, respin }: DropRecord['compose']): string {
  return `${date}.${String(respin).padStart(10, '0')}`
}

function withFolders(path: string): string[] {
  const folder = dirname(path)
  return folder === '.' ? [path] : [path, ...withFolders(folder)]
}

/** Everything below a folder, relative to it. */
async function entriesOf(folder: string): Promise<string[]> {
  try {
    const stats = await lstat(folder)
    if (!stats.isDirectory()) throw new PermanentError('refused', `${folder} is there already and is not a folder`)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.map((entry) => relative(folder, join(entry.parentPath, entry.name))).toSorted()
}
