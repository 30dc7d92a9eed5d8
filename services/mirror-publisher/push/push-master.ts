import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileTimeListName } from '../streams/file-time-list.ts'
import { simplestreamsIndex } from '../streams/simplestreams.ts'
import { makeFolder } from '../durable.ts'
import { stagingName } from '../mirror.ts'
import { placeOf, type Frozen, type FrozenFolder } from './freeze.ts'
import { contents, folderAlone, type Rsync } from './rsync.ts'

interface PushOptions {
  readonly rsync: Rsync
  /** How the master's rsync finds its root from one of its folders. */
  readonly rootFrom: (place: string) => string
  /** Options by which files that were cut off are kept and gone on with, in a folder that is filled. */
  readonly keepParts: (place: string) => readonly string[]
  /** A folder for what rsync is to be shown, besides what is frozen. */
  readonly aside: string
  /** Notes durably what the master holds at a place now; null before that becomes uncertain. */
  readonly note: (place: string, stamp: string | null) => Promise<void>
}

/**
 * Makes another master like ours, with nothing but rsync. A folder is filled while it is closed to the world (mode 0700) and
 * then opened, so its readers see the old tree, nothing for a moment where one replaces another, or the new tree. What is
 * new comes before the indexes that name it; notes of what is over come after them.
 */
export async function pushFrozen({ indexes, links, folders, abandoned }: Frozen, options: PushOptions): Promise<void> {
  const inState = (state: FrozenFolder['state']) => folders.filter((one) => one.state === state)
  if (folders.length > 0) await setMode(stagingName, 0o700, options)
  for (const folder of inState('staged')) {
    await fillClosed(folder, options)
    await options.note(placeOf(folder), folder.stamp)
  }
  for (const folder of inState('open')) await replace(folder, options)
  await pushIndexes(indexes, links, options)
  for (const folder of inState('note')) await replace(folder, options)
  for (const drop of abandoned) await clearStaged(drop, options)
}

/**
 * The long part: it goes on where it was cut off, and nobody sees it. That something of the drop is there is noted first, so that
 * it goes again wherever we are killed.
 */
async function fillClosed({ drop, twin }: FrozenFolder, { rsync, keepParts, note }: PushOptions): Promise<void> {
  const closed = `${stagingName}/${drop}`
  await note(closed, 'being filled')
  await rsync([...contents, '--delete', ...keepParts(closed)], { cwd: twin, source: './' }, `${closed}/`)
}

/** The short part: every file is there already and only gets its second name. */
async function replace(folder: FrozenFolder, options: PushOptions): Promise<void> {
  const { drop, twin, stamp } = folder
  const { rsync, note } = options
  const place = placeOf(folder)
  await fillClosed(folder, options)
  await note(place, null)
  await setMode(place, 0o700, options)
  const linked = ['--delete', `--link-dest=${options.rootFrom(place)}${stagingName}/${drop}`]
  await rsync([...contents, ...linked], { cwd: twin, source: './' }, `${place}/`)
  await setMode(place, 0o755, options)
  await note(place, stamp)
  await clearStaged(drop, options)
}

/** Opens a folder of the master, or closes it; one that is not there is made. */
async function setMode(place: string, mode: number, { rsync, aside }: PushOptions): Promise<void> {
  const shown = join(aside, mode === 0o700 ? 'closed' : 'opened')
  await makeFolder(join(shown, place))
  await chmod(join(shown, place), mode)
  await rsync(folderAlone, { cwd: shown, source: `./${place}` }, '')
}

async function clearStaged(drop: string, { rsync, aside, note }: PushOptions): Promise<void> {
  const nothing = join(aside, 'nothing')
  await makeFolder(nothing, 0o700)
  const onlyThis = ['--recursive', '--delete', `--include=/${drop}/***`, '--exclude=*']
  await rsync(onlyThis, { cwd: nothing, source: './' }, `${stagingName}/`)
  await note(`${stagingName}/${drop}`, null)
}

async function pushIndexes(indexes: string, links: readonly string[], { rsync, aside }: PushOptions): Promise<void> {
  // By their bytes: two changes within a second may leave the size as it was.
  const whole = [...contents, '--checksum', '--delay-updates']
  const others = [...whole, `--exclude=/${simplestreamsIndex.slice('streams/'.length)}.*`, '--omit-dir-times']
  await rsync(others, { cwd: join(indexes, 'streams'), source: './' }, 'streams/')
  const last = [...links, 'releases.json', `${simplestreamsIndex}.sjson`, `${simplestreamsIndex}.json`]
  for (const [number, paths] of [last, [fileTimeListName]].entries()) {
    const list = join(aside, `list-${String(number)}`)
    await writeFile(list, paths.map((path) => `${path}\n`).join(''))
    // A link that leads nowhere any more, or an index that nobody signs any more, goes there too.
    const listed = [...whole, '--no-recursive', '--no-implied-dirs', '--delete-missing-args']
    await rsync([...listed, `--files-from=${list}`], { cwd: indexes, source: './' }, '')
  }
}
