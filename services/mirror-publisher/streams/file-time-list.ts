import { randomUUID } from 'node:crypto'
import { createWriteStream, lstatSync, readdirSync, type BigIntStats } from 'node:fs'
import { chmod, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { readIfThere } from '#files/durable.ts'
import { recordName } from '../tree/record.ts'
import { stagingName } from '../mirror.ts'
import { listedDrops, type ListedDrop } from './listed-drops.ts'
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
  root: string,
  { changed, leftOut = false, signal }: ListOptions,
): Promise<void> {
  const staging = join(root, stagingName)
  await makeFolderDurably(staging, 0o700)
  await clearUnfinished(staging)
  const fresh = join(staging, `${unfinished}${randomUUID()}`)
  const before = (await readIfThere(join(root, fileTimeListName)))?.toString('utf8') ?? ''
  const listed = listedDrops(before, recordName)
  if (changed !== null) listed.delete(changed)
  const without = new Set([...notListed, ...(leftOut && changed !== null ? [changed] : [])])
  await pipeline(Readable.from(linesOf({ root, listed, without })), createWriteStream(fresh), { signal })
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

interface Walk {
  readonly root: string
  readonly listed: ReadonlyMap<string, ListedDrop>
  /** Paths that are left out, with all below them. */
  readonly without: ReadonlySet<string>
}

async function* linesOf(walk: Walk): AsyncGenerator<string> {
  yield '[Version]\n2\n\n[Files]\n'
  yield* entryLines(walk, '')
  yield '\n[Checksums SHA1]\n\n[End]\n'
}

const notListed = new Set([stagingName, fileTimeListName, 'lost+found'])

/** The lines of one folder at a time, in the order of a walk: looked at in one go, which takes a tenth of the time. */
async function* entryLines(walk: Walk, below: string): AsyncGenerator<string> {
  const { root, listed, without } = walk
  const lines: string[] = []
  for (const name of entriesOf(join(root, below))) {
    const path = below === '' ? name : `${below}/${name}`
    if (without.has(path) || !isListable(name)) continue
    const stats = statsOf(join(root, path))
    const type = stats && typeOf(stats)
    if (!stats || !type || isClosed(stats)) continue
    const line = `${timeOf(stats)}\t${type}\t${String(stats.size)}\t${path}`
    lines.push(line)
    if (type !== 'd') continue
    const before = listed.get(path)
    if (before?.line === line) {
      lines.push(...before.inside)
      continue
    }
    yield joined(lines.splice(0))
    yield* entryLines(walk, path)
  }
  yield joined(lines)
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
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

function statsOf(path: string): BigIntStats | null {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null
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
