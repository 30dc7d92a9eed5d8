import type { MirroredFile } from '#events/vocabulary.ts'
import { recordName, parseRecord, sumsOf, type DropRecord } from '../tree/record.ts'
import { sumsName } from '../signing/sums.ts'
import type { Notes } from './finding.ts'
import { isPlainPath, type Source } from './source.ts'

/** Text files of a drop are no larger, whatever somebody puts in their place. */
export const textLimit = 8 * 1024 * 1024

/** A copy of a drop, with what it says of itself. */
export interface FoundDrop {
  readonly source: Source
  readonly record: DropRecord
  /** What the signed list says, byte by byte. */
  readonly sums: string
  /** By path: every file that both agree on. */
  readonly files: ReadonlyMap<string, MirroredFile>
}

/**
 * Reads what a drop says of itself: drop.json and the list of checksums, and whether the two are of one drop. Null when there
 * is not enough to go on; the notes tell what is missing.
 */
export async function readDrop(source: Source, notes: Notes): Promise<FoundDrop | null> {
  const text = (await source.read(recordName, textLimit))?.toString()
  const sums = (await source.read(sumsName, textLimit))?.toString()
  if (text === undefined) notes.about('drop', recordName).wrong('it is missing')
  if (sums === undefined) notes.about('checksum', sumsName).wrong('it is missing')
  if (text === undefined || sums === undefined) return null

  const record = parsedOrNull(text)
  if (record === null || text === '') {
    notes.about('drop', recordName).wrong('it is not the record of a drop')
    return null
  }
  const listed = parseSums(sums)
  if (typeof listed === 'string') {
    notes.about('checksum', sumsName).wrong(listed)
    return null
  }
  const named = new Map(record.files.map((file) => [file.path, file]))
  const odd = [...named.keys()].find((path) => !isPlainPath(path))
  if (odd !== undefined) {
    notes.about('drop', recordName).wrong(`it names a file outside of the drop: ${JSON.stringify(odd)}`)
    return null
  }
  compareLists(named, listed, notes)
  const [itself] = sumsOf({ ...record, files: [] })
  const files = new Map(named)
  // Its own digest is in the list alone.
  if (itself) files.set(recordName, { ...itself, sha256: listed.get(recordName) ?? '', size: Buffer.byteLength(text) })
  return { source, record, sums, files }
}

/** A list in which drop.json and the list of checksums differ is of another drop, or was changed. */
function compareLists(
  named: ReadonlyMap<string, MirroredFile>,
  listed: ReadonlyMap<string, string>,
  notes: Notes,
): void {
  const note = notes.about('checksum', sumsName)
  const unlisted = [...named.keys(), recordName].filter((path) => !listed.has(path))
  const unnamed = [...listed.keys()].filter((path) => path !== recordName && !named.has(path))
  const other = [...named].filter(([path, { sha256 }]) => listed.has(path) && listed.get(path) !== sha256)
  for (const path of unlisted) note.wrong(`it does not list ${path}: it is the list of another drop, or was cut`)
  for (const path of unnamed) note.wrong(`it lists ${path}, which ${recordName} does not name`)
  for (const [path] of other) note.wrong(`it has another digest of ${path} than ${recordName}`)
}

/** The digests by path; what is wrong with the list when it is none. */
export function parseSums(text: string): Map<string, string> | string {
  const sums = new Map<string, string>()
  for (const [index, line] of text.trimEnd().split('\n').entries()) {
    const at = `line ${String(index + 1)}`
    const [, digest, path] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? []
    if (digest === undefined || path === undefined) return `${at} is no checksum`
    if (!isPlainPath(path)) return `${at} names a file outside of the drop: ${JSON.stringify(path)}`
    if (sums.has(path)) return `${at} names ${path} a second time`
    sums.set(path, digest)
  }
  return sums
}

function parsedOrNull(text: string): DropRecord | null {
  try {
    return parseRecord(text)
  } catch {
    return null
  }
}
