import { signedNames } from '../signing/sums.ts'
import type { Notes } from './finding.ts'
import type { FoundDrop } from './read-drop.ts'
import { Unreadable } from './source.ts'

/** Reads every file that is wanted and compares it with the list. */
export async function checkFiles(
  { source, files }: FoundDrop,
  wanted: (path: string) => boolean,
  notes: Notes,
): Promise<void> {
  for (const { path, sha256, size } of [...files.values()].filter((file) => wanted(file.path))) {
    const note = notes.about('checksum', path)
    try {
      const found = await source.measure(path, size)
      if (found === null) note.wrong('it is missing')
      else if (found.size > size) note.wrong(`it is larger than ${String(size)} bytes`)
      else if (found.size < size) note.wrong(`it has ${String(found.size)} bytes instead of ${String(size)}`)
      else note.judge('it is as listed', found.sha256 === sha256 ? null : changed(found.sha256, sha256))
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      note.wrong(error.message)
    }
  }
}

/** What lies in the folder and is no part of the drop. */
export async function findStrangers({ source, files }: FoundDrop, notes: Notes): Promise<void> {
  const there = (await source.list()) ?? []
  for (const path of there) {
    if (files.has(path) || signedNames.includes(path)) continue
    notes.about('checksum', path).unknown('it is no part of the drop, and in no list')
  }
}

function changed(found: string, expected: string): string {
  return `it was changed: its SHA-256 is ${found} instead of ${expected}`
}
