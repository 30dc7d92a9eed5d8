import { link, lstat, mkdir, readdir, readlink, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { readIfThere } from '#files/durable.ts'
import { sha256OfFile } from '#artifacts/digest.ts'
import { fileTimeListName } from '../streams/file-time-list.ts'
import { latestLinks } from '../streams/latest.ts'
import { readStreams } from '../streams/read-streams.ts'
import type { IndexedDrop } from '../streams/stream-document.ts'
import { isMissing, makeFolder } from '../durable.ts'
import { stagingName } from '../mirror.ts'
import { createIndexMemory } from '../memory.ts'
import { noteFiles } from '../tree/note.ts'
import { recordName } from '../tree/record.ts'

/** The mirror at one moment, as hard links: what happens to it meanwhile does not change what is pushed. */
export interface Frozen {
  /** Indexes, with their own paths below it. */
  readonly indexes: string
  /** Paths of links that are to be at the master, or not to be. */
  readonly links: readonly string[]
  readonly folders: readonly FrozenFolder[]
  /** Drops that a master holds staged and that are not to be opened any more. */
  readonly abandoned: readonly string[]
}

/** A folder of ours that a master has not. */
export interface FrozenFolder {
  readonly drop: string
  /** Relative to the root; null for a drop that is staged. */
  readonly path: string | null
  readonly state: 'staged' | 'open' | 'note'
  /** What a master that has it holds. */
  readonly stamp: string
  /** Its contents, in a closed folder. */
  readonly twin: string
}

/** Under which name a journal has a folder. */
export const placeOf = ({ drop, path }: { drop: string; path: string | null }) => path ?? `${stagingName}/${drop}`

/** Freezes the indexes, and each folder that is not among those that a master holds. */
export async function freeze(root: string, aside: string, holds: Readonly<Record<string, string>>): Promise<Frozen> {
  await rm(aside, { recursive: true, force: true })
  await makeFolder(aside, 0o700)
  const indexes = join(aside, 'indexes')
  while (!(await freezeIndexes(root, indexes)));
  const documents = await readStreams(indexes, createIndexMemory())
  const links = documents.flatMap(latestLinks).map(({ path }) => path)
  for (const path of links) await copyLink(join(root, path), join(indexes, path))
  const folders: FrozenFolder[] = []
  const drops = documents.flatMap((document) => document.drops)
  for (const drop of drops) {
    const twin = join(aside, `folder-${String(folders.length)}`)
    const folder = await freezeFolder(root, drop, twin, holds)
    if (folder) folders.push(folder)
  }
  const staged = new Set(drops.filter(({ state }) => state === 'staged').map(({ drop }) => drop))
  const opened = new Set(folders.filter(({ state }) => state !== 'staged').map(({ drop }) => drop))
  const held = Object.keys(holds).flatMap((place) =>
    place.startsWith(`${stagingName}/`) ? [place.slice(stagingName.length + 1)] : [],
  )
  return { indexes, links, folders, abandoned: held.filter((drop) => !staged.has(drop) && !opened.has(drop)) }
}

/** False when an index changed while the others were taken. */
async function freezeIndexes(root: string, indexes: string): Promise<boolean> {
  await rm(indexes, { recursive: true, force: true })
  await mkdir(indexes)
  try {
    await makeTwin(join(root, 'streams'), join(indexes, 'streams'), 0o755)
    for (const name of ['releases.json', fileTimeListName]) await linkIfThere(join(root, name), join(indexes, name))
    for (const path of await filesBelow(indexes)) {
      const [now, taken] = await Promise.all([stat(join(root, path)), stat(join(indexes, path))])
      if (now.ino !== taken.ino) return false
    }
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/** Null when the master holds it, or when it is not what the indexes say: then they are about to change. */
async function freezeFolder(
  root: string,
  { drop, path, state }: IndexedDrop,
  twin: string,
  holds: Readonly<Record<string, string>>,
): Promise<FrozenFolder | null> {
  const kind = state === 'staged' ? 'staged' : state === 'blessed' ? 'open' : 'note'
  if (path === null && kind !== 'staged') return null
  const place = placeOf({ drop, path })
  const folder = join(root, place)
  const proof = kind === 'note' ? (noteFiles[0] ?? '') : recordName
  try {
    const text = await readIfThere(join(folder, proof))
    if (text === null || (JSON.parse(text.toString('utf8')) as { drop: string }).drop !== drop) return null
    const stamp = `${kind} ${await sha256OfFile(join(folder, proof))}`
    if (holds[place] === stamp) return null
    await makeTwin(folder, twin, 0o700)
    return { drop, path, state: kind, stamp, twin }
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

async function makeTwin(folder: string, twin: string, mode: number): Promise<void> {
  await makeFolder(twin, mode)
  for (const path of await filesBelow(folder)) {
    const to = join(twin, path)
    if (dirname(to) !== twin) await makeFolder(dirname(to))
    await link(join(folder, path), to)
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)))
}

async function linkIfThere(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

/** Its folder is made in any case: rsync takes away a link that is missing only where it finds the folder. */
async function copyLink(from: string, to: string): Promise<void> {
  await makeFolder(dirname(to))
  try {
    if (!(await lstat(from)).isSymbolicLink()) return
    await symlink(await readlink(from), to)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}
