import { createHash } from 'node:crypto'
import type { z } from 'zod'
import type { Finding, Notes } from './finding.ts'
import type { FoundDrop } from './read-drop.ts'
import { Unreadable } from './source.ts'

/** A bill of materials of thousands of packages is some megabytes. */
const documentLimit = 64 * 1024 * 1024

/** Reads a document of a drop when it is what the drop lists; null, and a note that tells why, when it is not. */
export async function readDocument<Shape extends z.ZodType>(
  { source, files }: FoundDrop,
  path: string,
  shape: Shape,
  about: Finding['about'],
  notes: Notes,
): Promise<z.infer<Shape> | null> {
  const note = notes.about(about, path)
  const listed = files.get(path)
  if (!listed) {
    note.unknown('the drop has none')
    return null
  }
  try {
    const bytes = await source.read(path, Math.min(listed.size, documentLimit))
    // What is missing or was changed is told by its checksum; here it only cannot be used.
    if (bytes === null || createHash('sha256').update(bytes).digest('hex') !== listed.sha256) {
      note.unknown('it could not be used: it is not the file that the drop lists')
      return null
    }
    const parsed = shape.safeParse(JSON.parse(bytes.toString()))
    if (parsed.success) return parsed.data
    note.wrong(`it is not what its name says: ${parsed.error.issues[0]?.path.join('.') ?? ''}`)
  } catch (error) {
    if (error instanceof Unreadable) note.unknown(error.message)
    else if (error instanceof SyntaxError) note.wrong('it is no JSON')
    else throw error
  }
  return null
}
