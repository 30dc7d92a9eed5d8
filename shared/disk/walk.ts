import { decodeName } from './decode-name.ts'
import { DiskUnreadable } from './errors.ts'
import type { Entry } from './file-system.ts'

/** What is found at a path, but for the path; of a directory also the names in it. */
export interface Visited<Place> {
  readonly entry: Omit<Entry, 'path'>
  readonly names: readonly { readonly name: Buffer; readonly place: Place }[]
}

const deepest = 1_000

/** Everything below a place, a directory before what is in it. Ends also when directories are within themselves. */
export async function* walk<Place>(
  root: Place,
  visit: (place: Place) => Promise<Visited<Place>>,
): AsyncGenerator<Entry> {
  const waiting = [{ path: '/', place: root, depth: 0 }]
  const seen = new Set<number>()
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { entry, names } = await visit(next.place)
    yield { ...entry, path: next.path }
    if (entry.type !== 'directory') continue
    if (seen.has(entry.inode) || next.depth > deepest) {
      throw new DiskUnreadable(`the directory ${JSON.stringify(next.path)} is within itself`)
    }
    seen.add(entry.inode)
    const base = next.path === '/' ? '' : next.path
    for (const { name, place } of names) {
      waiting.push({ path: `${base}/${decodeName(checked(name))}`, place, depth: next.depth + 1 })
    }
  }
}

function checked(name: Buffer): Buffer {
  const isName = name.length > 0 && !name.includes('/') && !name.includes(0) && !isItself(name)
  if (isName) return name
  throw new DiskUnreadable(`a directory has a name that cannot be: ${JSON.stringify(name.toString('latin1'))}`)
}

/** Whether a name is that of a directory itself, or of the one above. */
export function isItself(name: Buffer): boolean {
  return name.equals(Buffer.from('.')) || name.equals(Buffer.from('..'))
}
