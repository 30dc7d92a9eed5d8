import { posix } from 'node:path'
import type { Volume } from './facts/partitions.ts'
import type { TreeEntry } from './tree.ts'

/** What can be mounted by itself: a file system, or a subvolume of one. */
export interface MountablePart {
  readonly volume: Volume
  /** Path of the subvolume; empty for the whole file system. */
  readonly subvolume: string
  /** Whether it is mounted where no subvolume is named. */
  readonly isDefault: boolean
  /** As they are when it is mounted at the root. */
  readonly entries: readonly TreeEntry[]
}

/** The parts of a volume, first the one that is mounted where none is named; none when it cannot be read. */
export async function mountableParts(volume: Volume, index: number): Promise<MountablePart[]> {
  if (volume.fault !== null) throw volume.fault
  if (volume.fileSystem === null) return []
  const entries = await entriesOf(volume.fileSystem, index)
  const subvolumes = entries.filter(({ subvolume }) => subvolume !== undefined)
  const mounted = subvolumes.find(({ subvolume }) => subvolume === 'default')?.path ?? ''
  const paths = ['', ...subvolumes.map(({ path }) => path).toSorted()]
  return paths
    .map((path): MountablePart => {
      const below =
        path === '' ? entries : entries.filter((one) => one.path === path || one.path.startsWith(`${path}/`))
      return {
        volume,
        subvolume: path,
        isDefault: path === mounted,
        entries: below.map((entry) => ({ ...entry, path: entry.path.slice(path.length) || '/' })),
      }
    })
    .toSorted((one, other) => Number(other.isDefault) - Number(one.isDefault))
}

async function entriesOf(fileSystem: NonNullable<Volume['fileSystem']>, index: number): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = []
  for await (const entry of fileSystem.entries()) {
    // mkfs makes it, not the system.
    if (entry.path === '/lost+found') continue
    entries.push({ ...entry, fileSystem: String(index), read: () => fileSystem.read(entry) })
  }
  return entries
}

/** The same entries below another place. */
export function rebased(entries: readonly TreeEntry[], place: string): TreeEntry[] {
  return entries.map((entry) => ({ ...entry, path: posix.join(place, entry.path).replace(/(.)\/$/, '$1') }))
}
