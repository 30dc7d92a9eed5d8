import { randomUUID } from 'node:crypto'
import { createWriteStream, type BigIntStats, type Dirent } from 'node:fs'
import { chmod, lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { stagingName } from '../mirror.ts'
import { isMissing, makeFolderDurably, renameDurably, syncPath } from '../durable.ts'

/** In the mirror root, as quick-fedora-mirror looks for it. */
export const fileTimeListName = 'fullfiletimelist-imagedrop'

/**
 * Regenerates the list by which mirrors find out what changed without walking the tree: every open file and folder
 * below the root with its time, type and size. Replaced in one rename.
 */
export async function writeFileTimeList(root: string, signal: AbortSignal): Promise<void> {
  const staging = join(root, stagingName)
  await makeFolderDurably(staging, 0o700)
  await clearUnfinished(staging)
  const fresh = join(staging, `${unfinished}${randomUUID()}`)
  await pipeline(Readable.from(linesOf(root)), createWriteStream(fresh), { signal })
  await chmod(fresh, 0o644)
  await syncPath(fresh)
  await renameDurably(fresh, join(root, fileTimeListName))
}

const unfinished = `.${fileTimeListName}-`

/** Lists of processes that were killed while writing. */
async function clearUnfinished(staging: string): Promise<void> {
  const left = (await readdir(staging)).filter((name) => name.startsWith(unfinished))
  await Promise.all(left.map((name) => rm(join(staging, name), { force: true })))
}

async function* linesOf(root: string): AsyncGenerator<string> {
  yield '[Version]\n2\n\n[Files]\n'
  yield* entryLines(root, '')
  yield '\n[Checksums SHA1]\n\n[End]\n'
}

const notListed = new Set([stagingName, fileTimeListName, 'lost+found'])

async function* entryLines(root: string, below: string): AsyncGenerator<string> {
  for (const entry of await entriesOf(join(root, below))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (notListed.has(path) || !isListable(entry.name)) continue
    const stats = await statsOf(join(root, path))
    const type = stats && typeOf(stats)
    if (!stats || !type || isClosed(stats)) continue
    yield `${timeOf(stats)}\t${type}\t${String(stats.size)}\t${path}\n`
    if (type === 'd') yield* entryLines(root, path)
  }
}

/** Others write into the tree too: what goes away while we look is not there. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

async function statsOf(path: string): Promise<BigIntStats | null> {
  try {
    return await lstat(path, { bigint: true })
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** The format has one line per file and no quoting. */
function isListable(name: string): boolean {
  return !/\p{Cc}/u.test(name)
}

function typeOf(stats: BigIntStats): 'f' | 'd' | 'l' | null {
  if (stats.isFile()) return 'f'
  if (stats.isDirectory()) return 'd'
  return stats.isSymbolicLink() ? 'l' : null
}

/** What the world cannot read waits for its own release day, and its names are not ours to tell. */
function isClosed(stats: BigIntStats): boolean {
  const needed = stats.isDirectory() ? 0o005n : 0o004n
  return !stats.isSymbolicLink() && (stats.mode & needed) !== needed
}

/** A new hard link or a changed mode is news to mirrors too, so the change time counts. */
function timeOf({ mtimeNs, ctimeNs }: BigIntStats): string {
  return String((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000_000n)
}
