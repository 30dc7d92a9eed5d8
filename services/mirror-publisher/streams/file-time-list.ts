import { randomUUID } from 'node:crypto'
import { createWriteStream, lstatSync, readdirSync, type Stats } from 'node:fs'
import { chmod, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { readIfThere } from '#files/durable.ts'
import { recordName } from '../tree/record.ts'
import { stampOf } from '../memory.ts'
import { stagingName, type Mirror } from '../mirror.ts'
import { listedDrops, type ListedFolder, type ListedFolders } from './listed-drops.ts'
import { rememberedOf, type Remembered } from './remembered.ts'
import { isMissing, makeFolderDurably, renameDurably, syncPath } from '../durable.ts'

/** In the mirror root, as quick-fedora-mirror looks for it. */
export const fileTimeListName = 'fullfiletimelist-imagedrop'

interface ListOptions {
  /** The folder that was changed, relative to the root. */
  readonly changed: string | null
  /** It is about to be taken away or replaced, and is in the list no more. */
  readonly leftOut?: boolean
  readonly signal: AbortSignal
}

/**
 * Regenerates the list by which mirrors find out what changed without walking the tree: every open file and folder
 * below the root with its time, type and size. Replaced in one rename. Of drops that were listed before, and did not
 * change, only the folder itself is looked at.
 */
export async function writeFileTimeList(
  { root, memory }: Pick<Mirror, 'root' | 'memory'>,
  { changed, leftOut = false, signal }: ListOptions,
): Promise<void> {
  const staging = join(root, stagingName)
  await makeFolderDurably(staging, 0o700)
  await clearUnfinished(staging)
  const path = join(root, fileTimeListName)
  const fresh = join(staging, `${unfinished}${randomUUID()}`)
  const remembered = rememberedOf(memory)
  const before = await listedBefore(path, remembered)
  const folders = new Map<string, ListedFolder>()
  const without = new Set([...notListed, ...(leftOut && changed !== null ? [changed] : [])])
  await pipeline(
    Readable.from(linesOf({ root, before, changed, without, folders })),
    createWriteStream(fresh, { highWaterMark: written }),
    { signal },
  )
  await chmod(fresh, 0o644)
  await syncPath(fresh)
  await renameDurably(fresh, path)
  const stamp = await stampOf(path)
  remembered.listed = stamp === null ? null : { stamp, folders }
}

async function listedBefore(path: string, { listed }: Remembered): Promise<ListedFolders> {
  if (listed && listed.stamp === (await stampOf(path))) return listed.folders
  return listedDrops(String((await readIfThere(path)) ?? ''), recordName)
}

/** Bytes that are written at once: most chunks are short. */
const written = 4 * 1024 * 1024

const unfinished = `.${fileTimeListName}-`

/** Lists of processes that were killed while writing. */
async function clearUnfinished(staging: string): Promise<void> {
  const left = (await readdir(staging)).filter((name) => name.startsWith(unfinished))
  await Promise.all(left.map((name) => rm(join(staging, name), { force: true })))
}

interface Walk {
  readonly root: string
  /** Folders of drops as they were listed last. */
  readonly before: ListedFolders
  readonly changed: string | null
  /** The same as they are now. */
  readonly folders: Map<string, ListedFolder>
  /** Paths that are left out, with all below them. */
  readonly without: ReadonlySet<string>
}

async function* linesOf(walk: Walk): AsyncGenerator<Buffer> {
  yield Buffer.from('[Version]\n2\n\n[Files]\n')
  yield* entryLines(walk, '')
  yield Buffer.from('\n[Checksums SHA1]\n\n[End]\n')
}

const notListed = new Set([stagingName, fileTimeListName, 'lost+found'])

/** The lines of one folder at a time, in the order of a walk: looked at in one go, which takes a tenth of the time. */
async function* entryLines(
  walk: Walk,
  below: string,
  names: readonly string[] = entriesOf(join(walk.root, below)),
): AsyncGenerator<Buffer> {
  let lines = ''
  for (const name of names) {
    const path = below === '' ? name : `${below}/${name}`
    const line = walk.without.has(path) || !isListable(name) ? null : lineOf(walk.root, path)
    if (line === null) continue
    if (!line.includes(folderMark)) {
      lines += `${line}\n`
      continue
    }
    const known = path === walk.changed ? undefined : walk.before.get(path)
    const entries = known?.line === line ? null : entriesOf(join(walk.root, path))
    if (entries && !entries.includes(recordName)) {
      yield Buffer.from(`${lines}${line}\n`)
      yield* entryLines(walk, path, entries)
    } else {
      const folder = known && !entries ? known : await listFolder(walk, path, { line, entries: entries ?? [] })
      walk.folders.set(path, folder)
      if (lines !== '') yield Buffer.from(lines)
      yield folder.whole
    }
    lines = ''
  }
  if (lines !== '') yield Buffer.from(lines)
}

async function listFolder(
  walk: Walk,
  path: string,
  { line, entries }: { readonly line: string; readonly entries: readonly string[] },
): Promise<ListedFolder> {
  const chunks: Buffer[] = [Buffer.from(`${line}\n`)]
  for await (const chunk of entryLines(walk, path, entries)) chunks.push(chunk)
  return { line, whole: Buffer.concat(chunks) }
}

const folderMark = '\td\t'

/** Null for what is gone, is of another type, or is closed. */
function lineOf(root: string, path: string): string | null {
  const stats = statsOf(`${root}/${path}`)
  const type = stats && typeOf(stats)
  if (!stats || !type || isClosed(stats)) return null
  return `${timeOf(stats)}\t${type}\t${String(stats.size)}\t${path}`
}

/** Others write into the tree too: what goes away while we look is not there. */
function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted()
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function statsOf(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null
}

/** The format has one line per file and no quoting. */
function isListable(name: string): boolean {
  return !/\p{Cc}/u.test(name)
}

function typeOf(stats: Stats): 'f' | 'd' | 'l' | null {
  if (stats.isFile()) return 'f'
  if (stats.isDirectory()) return 'd'
  return stats.isSymbolicLink() ? 'l' : null
}

/** What the world cannot read waits for its own release day, and its names are not ours to tell. */
function isClosed(stats: Stats): boolean {
  const needed = stats.isDirectory() ? 0o005 : 0o004
  return !stats.isSymbolicLink() && (stats.mode & needed) !== needed
}

/** A new hard link or a changed mode is news to mirrors too, so the change time counts. */
function timeOf({ mtimeMs, ctimeMs }: Stats): string {
  return String(Math.floor(Math.max(mtimeMs, ctimeMs) / 1000))
}
