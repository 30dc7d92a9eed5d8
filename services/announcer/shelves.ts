import { createHash } from 'node:crypto'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from '#files/errors.ts'

/** What is on all shelves. A shelf that has not changed is the same object, and so are all of them together. */
export type Shelves<T> = readonly (readonly Kept<T>[])[]

/** One file of a shelf, as it was read. */
interface Kept<T> {
  readonly name: string
  readonly stamp: string
  readonly read: Read<T>
}

type Read<T> = { readonly value: T } | { readonly error: unknown }

/** Many enough that one more file on one of them costs nothing, and few enough that a look at all costs nothing either. */
const shelfCount = 64

/** The steps of the clock that file systems write times by are shorter, in milliseconds: a later change has a later time. */
const settled = 100

/** The folder that a drop's file is in. */
export function shelfOf(drop: string): string {
  const [first = 0] = createHash('sha256').update(drop).digest()
  return (first % shelfCount).toString(16).padStart(2, '0')
}

interface ShelvesOptions<T> {
  /** Null for a file that is not there any more. */
  readonly read: (path: string) => Promise<T | null>
  /** A folder whose files go to their shelves when they are first looked at. */
  readonly before: string
}

/**
 * Makes a function that looks what is on the shelves of a folder. Files are put there by rename only, which changes the time of
 * the shelf: one that has not changed is not looked into. A file is read again only when it has changed.
 */
export function createShelves<T>(
  folder: string,
  { read, before: unshelved }: ShelvesOptions<T>,
): () => Promise<Shelves<T>> {
  let known: Shelf<T>[] | null = null
  let shelves: Shelves<T> = []

  return async () => {
    if (known === null) await shelve(unshelved, folder)
    const before = known
    const now = await Promise.all(names.map((name, index) => lookAt(join(folder, name), before?.[index], read)))
    known = now
    if (now.some(({ files }, index) => files !== shelves[index])) shelves = now.map(({ files }) => files)
    return shelves
  }
}

/** The value of a file that could be read; throws the error of one that could not. */
export function valueOf<T>(one: Read<T>): T {
  if ('error' in one) throw one.error
  return one.value
}

const names = Array.from({ length: shelfCount }, (_, index) => index.toString(16).padStart(2, '0'))

interface Shelf<T> {
  /** When the shelf changed last; null for one that is to be looked into again: it changed lately, or a file cannot be read. */
  readonly changed: string | null
  readonly files: readonly Kept<T>[]
}

async function lookAt<T>(
  path: string,
  before: Shelf<T> | undefined,
  read: (path: string) => Promise<T | null>,
): Promise<Shelf<T>> {
  const lookedAt = Date.now()
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats) return before?.files.length === 0 ? before : { changed: null, files: [] }
  const changed = `${String(stats.ino)} ${String(stats.mtimeMs)}`
  if (before && changed === before.changed) return before
  const files: Kept<T>[] = []
  for (const name of readdirSync(path).toSorted()) {
    const file = name.endsWith('.json') ? await lookAtFile(join(path, name), name, { before, read }) : null
    if (file) files.push(file)
  }
  const isSame = before?.files.length === files.length && files.every((one, index) => one === before.files[index])
  const isSettled = lookedAt - stats.mtimeMs > settled && files.every((one) => 'value' in one.read)
  return { changed: isSettled ? changed : null, files: isSame ? before.files : files }
}

async function lookAtFile<T>(
  path: string,
  name: string,
  { before, read }: { readonly before: Shelf<T> | undefined; readonly read: (path: string) => Promise<T | null> },
): Promise<Kept<T> | null> {
  const stamp = stampOf(path)
  if (stamp === null) return null
  const known = before?.files.find((one) => one.name === name)
  if (known?.stamp === stamp && 'value' in known.read) return known
  try {
    const value = await read(path)
    return value === null ? null : { name, stamp, read: { value } }
  } catch (error) {
    return { name, stamp, read: { error } }
  }
}

/** Files are replaced, never written into, so a change has another inode. */
function stampOf(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false })
  return found ? `${String(found.ino)} ${String(found.mtimeMs)} ${String(found.size)}` : null
}

/** Puts files of a folder on shelves. */
async function shelve(from: string, folder: string): Promise<void> {
  for (const name of existsSync(from) ? await readdir(from) : []) {
    if (!name.endsWith('.json')) continue
    const shelf = join(folder, shelfOf(name.slice(0, -'.json'.length)))
    await mkdir(shelf, { recursive: true })
    try {
      await rename(join(from, name), join(shelf, name))
    } catch (error) {
      // Another process was quicker.
      if (!isMissing(error)) throw error
    }
  }
}
