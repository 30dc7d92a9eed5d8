import type { Bytes } from '../bytes.ts'
import { DiskUnreadable } from '../errors.ts'
import type { Chunk, FileSystem } from '../file-system.ts'
import { withPages } from '../pages.ts'
import { isItself, walk, type Visited } from '../walk.ts'
import { readBootSector } from './boot-sector.ts'
import { runsOf, type Run, type Volume } from './clusters.ts'
import { entriesIn, entrySize, readEntry, type FolderEntry } from './folder.ts'

/** The root folder has no entry of its own, and no entry can be where it is told to be. */
const rootInode = 1
const largestPiece = 1024 * 1024
const largestFolder = 2 ** 21

/** Opens FAT12, FAT16 or FAT32 with long names. Everything belongs to root, with the modes that Linux gives it when nothing is said. */
export async function openVfat(bytes: Bytes): Promise<FileSystem> {
  const sector = await readBootSector(bytes)
  const volume = { bytes: withPages(bytes), sector }
  const label = (await readFolder(volume, null)).find((one) => one.isLabel)
  return {
    kind: 'vfat',
    uuid: sector.uuid,
    // mtools and Windows keep the label in the root folder alone.
    label: label?.name.toString('latin1').replace('.', '') ?? sector.label.replace(/^NO NAME$/, ''),
    entries: () => walk<Found | null>(null, (found) => visit(volume, found)),
    async *read({ inode }) {
      const { cluster, size } = readEntry(await volume.bytes.read(inode * entrySize, entrySize))
      yield* contentOf(volume, cluster, size)
    },
  }
}

/** An entry with the number of its place on the disk. */
interface Found extends FolderEntry {
  readonly inode: number
}

async function visit(volume: Volume, found: Found | null): Promise<Visited<Found | null>> {
  const isFolder = found === null || found.isFolder
  const names = isFolder ? await readFolder(volume, found) : []
  return {
    entry: {
      type: isFolder ? 'directory' : 'file',
      mode: found?.isReadOnly === true ? 0o555 : 0o755,
      uid: 0,
      gid: 0,
      size: found?.size ?? 0,
      inode: found?.inode ?? rootInode,
      target: null,
      device: null,
      attributes: new Map(),
    },
    names: names
      .filter(({ name, isLabel }) => !isLabel && !isItself(name))
      .map((place) => ({ name: place.name, place })),
  }
}

async function readFolder(volume: Volume, folder: FolderEntry | null): Promise<Found[]> {
  const { root } = volume.sector
  const runs =
    folder !== null
      ? await runsOf(volume, folder.cluster)
      : 'cluster' in root
        ? await runsOf(volume, root.cluster)
        : [{ start: root.start, length: root.size }]
  const whole = runs.reduce((sum, { length }) => sum + length, 0)
  if (whole > largestFolder) throw new DiskUnreadable(`a folder has ${String(whole)} bytes`)
  const pieces = []
  for (const { start, length } of runs) pieces.push(await volume.bytes.read(start, length))
  return entriesIn(Buffer.concat(pieces)).map((entry) => ({ ...entry, inode: placeOf(runs, entry.at) / entrySize }))
}

function placeOf(runs: readonly Run[], offset: number): number {
  let left = offset
  for (const { start, length } of runs) {
    if (left < length) return start + left
    left -= length
  }
  throw new Error(`a folder has no byte ${String(offset)}`)
}

/** Clusters may be shorter than what chunks are measured in, so that pieces are put together first. */
async function* contentOf(volume: Volume, cluster: number, size: number): AsyncGenerator<Chunk> {
  let position = 0
  let pieces: Buffer[] = []
  let length = 0
  for (const run of size === 0 ? [] : await runsOf(volume, cluster)) {
    for (let at = 0; at < run.length && position + length < size;) {
      const wanted = Math.min(run.length - at, largestPiece - length, size - position - length)
      pieces.push(await volume.bytes.read(run.start + at, wanted))
      at += wanted
      length += wanted
      if (length < largestPiece && position + length < size) continue
      yield { position, bytes: Buffer.concat(pieces) }
      position += length
      pieces = []
      length = 0
    }
  }
  if (position < size) throw new DiskUnreadable(`a file has ${String(size)} bytes and clusters for ${String(position)}`)
}
