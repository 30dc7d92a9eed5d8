import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { composeRef, dropContext, mirroredFile, type MirroredFile } from '#events/vocabulary.ts'
import { isMissing } from '../durable.ts'
import type { TreePlan } from '../plan-tree.ts'

const recordShape = z.strictObject({
  ...dropContext,
  compose: composeRef.omit({ location: true, incomplete: true }),
  path: z.string().describe('The folder this file is in, relative to the mirror root'),
  files: z.array(mirroredFile.extend({ path: z.string().describe('Relative to this folder') })),
})

/**
 * `drop.json`: what a folder of the mirror is, and every file in it but the list of checksums that is of all of them, this
 * one too, and the signatures of that. By it we know our own folders.
 */
export type DropRecord = z.infer<typeof recordShape>

export const recordName = 'drop.json'

/** Makes the record of a planned tree whose files are these. */
export function recordOf({ drop, identity, path }: TreePlan, files: readonly MirroredFile[]): DropRecord {
  const { location: _location, incomplete: _incomplete, ...compose } = identity.compose
  return { drop, kind: identity.kind, milestone: identity.milestone, compose, path, files: [...files] }
}

/** The record as it is stored: the same bytes for the same drop. */
export function formatRecord(record: DropRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`
}

/** Reads the record of a folder; null when the folder has none that is ours. */
export async function readRecord(folder: string): Promise<DropRecord | null> {
  try {
    return recordShape.parse(JSON.parse(await readFile(join(folder, recordName), 'utf8')))
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError || error instanceof z.ZodError) return null
    throw error
  }
}

/** Reads the record of a tree that somebody else may have written, also by a later version. Throws when it is none. */
export function parseRecord(text: string): DropRecord {
  return z.object(recordShape.shape).parse(JSON.parse(text))
}

/** True when the record's tree is what the plan wants: the same drop, the same artifacts under the same names. */
export function fulfils(record: DropRecord | null, plan: TreePlan): record is DropRecord {
  if (record?.drop !== plan.drop || record.path !== plan.path) return false
  const held = record.files.filter(({ image }) => image !== null)
  const holds = new Map(held.map((file) => [file.path, file.sha256]))
  return (
    held.length === plan.files.length && plan.files.every(({ path, artifact }) => holds.get(path) === artifact.sha256)
  )
}

/** Every file that checksums can be of: those that the record names, and the record itself. */
export function sumsOf(record: DropRecord): MirroredFile[] {
  const text = formatRecord(record)
  const itself = {
    path: recordName,
    sha256: createHash('sha256').update(text).digest('hex'),
    size: Buffer.byteLength(text),
    image: null,
  }
  return [...record.files, itself]
}
