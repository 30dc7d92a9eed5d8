import { decodeName } from '../decode-name.ts'
import { DiskUnreadable } from '../errors.ts'
import { readMode } from '../inode-mode.ts'
import type { Visited } from '../walk.ts'
import { itemType, readKey, type Key } from './key.ts'
import { readNumber, type TreeRoot } from './superblock.ts'
import { itemsOf, keysOf, type Item, type Logical } from './tree.ts'

/** A file in a tree of files. */
export interface Inode {
  readonly entry: Omit<Visited<never>['entry'], 'inode'>
  /** Of a directory, the names in it, each with the key of what it leads to. */
  readonly names: readonly { readonly name: Buffer; readonly key: Key }[]
}

const longestTarget = 4096
/** Of the item of a piece that lies in it. */
const inlineHead = 21

/** Reads all that a tree has of a file but for its content. */
export async function readInode(logical: Logical, root: TreeRoot, object: bigint): Promise<Inode> {
  const items: Item[] = []
  for await (const item of itemsOf(logical, root, keysOf(object))) {
    // What a file holds is read when it is asked for; a link leads where its only piece says.
    if (item.key.type < itemType.extent || (item.key.type === itemType.extent && item.key.offset === 0n))
      items.push(item)
  }
  const fields = items.find(({ key }) => key.type === itemType.inode)?.data
  const mode = fields === undefined || fields.length < 160 ? null : readMode(fields.readUInt32LE(52))
  if (fields === undefined || mode === null) throw damaged(object)
  const { type } = mode
  const size = readNumber(fields, 16)
  const isDevice = type === 'character device' || type === 'block device'
  const named = (wanted: number) => items.filter(({ key }) => key.type === wanted).flatMap(({ data }) => namesIn(data))
  return {
    entry: {
      ...mode,
      uid: fields.readUInt32LE(44),
      gid: fields.readUInt32LE(48),
      size,
      target: type === 'symlink' ? targetOf(items, { object, size }) : null,
      device: isDevice ? deviceOf(fields.readBigUInt64LE(56)) : null,
      attributes: new Map(named(itemType.attribute).map(({ name, data }) => [name.toString('utf8'), data])),
    },
    names: type === 'directory' ? named(itemType.nameInOrder) : [],
  }
}

interface Named {
  readonly name: Buffer
  readonly key: Key
  readonly data: Buffer
}

const nameHead = 30

/** Names of files and of attributes are kept alike; those of one digest are in one item. */
function namesIn(bytes: Buffer): Named[] {
  const found: Named[] = []
  for (let at = 0; at + nameHead <= bytes.length;) {
    const name = at + nameHead
    const data = name + bytes.readUInt16LE(at + 27)
    const end = data + bytes.readUInt16LE(at + 25)
    if (end > bytes.length) throw new DiskUnreadable('names in the btrfs file system are damaged')
    found.push({ key: readKey(bytes, at), name: bytes.subarray(name, data), data: bytes.subarray(data, end) })
    at = end
  }
  return found
}

/** mkfs keeps a zero behind it, the kernel does not. */
function targetOf(
  items: readonly Item[],
  { object, size }: { readonly object: bigint; readonly size: number },
): string {
  const data = items.find(({ key }) => key.type === itemType.extent)?.data
  const isInline = data !== undefined && data.length > inlineHead && data.readUInt8(20) === 0
  if (!isInline || data.readUInt8(16) !== 0 || size > longestTarget) throw damaged(object)
  return decodeName(data.subarray(inlineHead, inlineHead + size))
}

/** Twelve bits and twenty, as the kernel has them. */
function deviceOf(number: bigint): string {
  return `${String(number >> 20n)}:${String(number & 0xf_ffffn)}`
}

function damaged(object: bigint): DiskUnreadable {
  return new DiskUnreadable(`inode ${String(object)} of the btrfs file system is damaged`)
}
