import type { Bytes } from '../bytes.ts'
import { DiskUnreadable } from '../errors.ts'
import type { FileSystem } from '../file-system.ts'
import { withPages } from '../pages.ts'
import { walk, type Visited } from '../walk.ts'
import { openLogical } from './chunks.ts'
import { contentOf } from './content.ts'
import { readInode } from './inode.ts'
import { itemType, type Key } from './key.ts'
import { readNumber, readSuperblock, type TreeRoot } from './superblock.ts'
import { itemsOf, keysOf, wholeTree, type Logical } from './tree.ts'

/** Objects of the tree of trees: the tree of the top, the first of a subvolume, and where the default one is named. */
const top = 5n
const firstSubvolume = 256n
const lastSubvolume = 2n ** 64n - 257n
const defaults = 6n

/** A tree of files: the top of the file system, or a subvolume. */
interface Subvolume {
  readonly id: bigint
  readonly root: TreeRoot
  /** Of its first directory. */
  readonly object: bigint
}

interface Place {
  /** Among the subvolumes. */
  readonly index: number
  readonly object: bigint
  /** Whether a subvolume begins here. */
  readonly isFirst: boolean
}

/** Inodes are told apart over all subvolumes by one number, of which the low part is theirs. */
const perSubvolume = 2 ** 42
const mostSubvolumes = 2 ** 11

/** Opens btrfs of one device, as the kernel's own headers describe it (include/uapi/linux/btrfs_tree.h). */
export async function openBtrfs(bytes: Bytes): Promise<FileSystem> {
  const superblock = await readSuperblock(bytes)
  const logical = await openLogical(withPages(bytes), superblock)
  const subvolumes = await readSubvolumes(logical)
  const mounted = await defaultOf(logical)
  const subvolumeAt = (index: number) => {
    const found = subvolumes[index]
    if (found) return found
    throw new DiskUnreadable('the btrfs file system has no tree of files')
  }

  async function visit({ index, object, isFirst }: Place): Promise<Visited<Place>> {
    const { id, root } = subvolumeAt(index)
    const { entry, names } = await readInode(logical, root, object)
    const isSubvolume = isFirst && id !== top
    return {
      entry: {
        ...entry,
        inode: numberOf(index, object),
        ...(isSubvolume && { subvolume: id === mounted ? 'default' : 'other' }),
      },
      names: names.flatMap(({ name, key }) => {
        const place = placeOf(key, index)
        return place === null ? [] : [{ name, place }]
      }),
    }
  }

  /** A name leads to a file of the same tree, or to another tree; null when that is not there any more. */
  function placeOf(key: Key, index: number): Place | null {
    if (key.type !== itemType.root) return { index, object: key.object, isFirst: false }
    const other = subvolumes.findIndex(({ id }) => id === key.object)
    const found = subvolumes[other]
    return found ? { index: other, object: found.object, isFirst: true } : null
  }

  return {
    kind: 'btrfs',
    uuid: superblock.uuid,
    label: superblock.label,
    entries() {
      const index = subvolumes.findIndex(({ id }) => id === top)
      return walk({ index, object: subvolumeAt(index).object, isFirst: true }, visit)
    },
    read({ inode, size }) {
      const { root } = subvolumeAt(Math.floor(inode / perSubvolume))
      return contentOf(logical, root, { object: BigInt(inode % perSubvolume), size })
    },
  }
}

function numberOf(index: number, object: bigint): number {
  if (object < perSubvolume) return index * perSubvolume + Number(object)
  throw new DiskUnreadable(`the btrfs file system has an inode ${String(object)}`)
}

async function readSubvolumes(logical: Logical): Promise<Subvolume[]> {
  const found: Subvolume[] = []
  for await (const { key, data } of itemsOf(logical, logical.superblock.root, wholeTree)) {
    const isOfFiles = key.object === top || (key.object >= firstSubvolume && key.object <= lastSubvolume)
    if (key.type !== itemType.root || !isOfFiles) continue
    if (data.length < 239 || found.length >= mostSubvolumes) {
      throw new DiskUnreadable('the subvolumes of the btrfs file system are damaged, or too many')
    }
    const root = { place: readNumber(data, 176), level: data.readUInt8(238) }
    // A snapshot that came to be with a later one has the same object twice; the last is what it is now.
    const same = found.findIndex(({ id }) => id === key.object)
    const subvolume = { id: key.object, root, object: data.readBigUInt64LE(168) }
    if (same === -1) found.push(subvolume)
    else found[same] = subvolume
  }
  return found
}

/** The subvolume that is mounted when none is named. */
async function defaultOf(logical: Logical): Promise<bigint> {
  for await (const { data } of itemsOf(logical, logical.superblock.root, keysOf(defaults, itemType.name))) {
    if (data.length >= 37 && data.toString('latin1', 30, 37) === 'default') return data.readBigUInt64LE(0)
  }
  return top
}
