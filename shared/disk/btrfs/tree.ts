import { DiskUnreadable } from '../errors.ts'
import { compareKeys, keySize, readKey, type Key } from './key.ts'
import { readNumber, type Superblock, type TreeRoot } from './superblock.ts'

/** A btrfs file system whose places can be read. */
export interface Logical {
  readonly superblock: Superblock
  readonly read: (place: number, length: number) => Promise<Buffer>
}

export interface Item {
  readonly key: Key
  readonly data: Buffer
}

interface Range {
  readonly from: Key
  readonly to: Key
}

const largest = 2n ** 64n - 1n

/** All keys. */
export const wholeTree: Range = {
  from: { object: 0n, type: 0, offset: 0n },
  to: { object: largest, type: 255, offset: largest },
}

/** The keys of one object, of all types or of one. */
export function keysOf(object: bigint, type?: number): Range {
  return { from: { object, type: type ?? 0, offset: 0n }, to: { object, type: type ?? 255, offset: largest } }
}

const headSize = 101
const itemSize = 25
const pointerSize = 33
const highest = 8

/** The items of a tree whose keys are in a range, in their order. What is out of order is damage, so that this always ends. */
export async function* itemsOf(logical: Logical, { place, level }: TreeRoot, range: Range): AsyncGenerator<Item> {
  if (level >= highest) throw damaged(place)
  let last: Key | null = null
  for await (const item of itemsBelow(logical, { place, level, first: null }, range)) {
    if (last !== null && compareKeys(last, item.key) >= 0) throw damaged(place)
    last = item.key
    yield item
  }
}

interface NodePlace extends TreeRoot {
  /** Its first key, as the node above has it. */
  readonly first: Key | null
}

async function* itemsBelow(logical: Logical, at: NodePlace, { from, to }: Range): AsyncGenerator<Item> {
  const { place, level } = at
  const node = await readNode(logical, at)
  const { count, keyOf } = node
  const isWithin = (index: number) => compareKeys(keyOf(index), from) >= 0
  const isBeyond = (index: number) => compareKeys(keyOf(index), from) > 0
  // What a pointer leads to goes on until the next one.
  const start = level === 0 ? firstFrom(count, isWithin) : Math.max(0, firstFrom(count, isBeyond) - 1)
  for (let index = start; index < count; index += 1) {
    const key = keyOf(index)
    if (compareKeys(key, to) > 0) return
    // Two pointers to one node would have the same key.
    if (index > 0 && compareKeys(keyOf(index - 1), key) >= 0) throw damaged(place)
    if (level === 0) yield { key, data: node.dataOf(index) }
    else yield* itemsBelow(logical, { place: node.childOf(index), level: level - 1, first: key }, { from, to })
  }
}

async function readNode(logical: Logical, { place, level, first }: NodePlace) {
  const { nodeSize } = logical.superblock
  const node = await logical.read(place, nodeSize)
  const count = node.readUInt32LE(0x60)
  const size = level === 0 ? itemSize : pointerSize
  const at = (index: number) => headSize + index * size
  const keyOf = (index: number) => readKey(node, at(index))
  const isRight = readNumber(node, 0x30) === place && node.readUInt8(0x64) === level && at(count) <= nodeSize
  const isExpected = first === null || (count > 0 && compareKeys(keyOf(0), first) === 0)
  if (!isRight || !isExpected) throw damaged(place)
  return {
    count,
    keyOf,
    childOf: (index: number) => readNumber(node, at(index) + keySize),
    dataOf(index: number): Buffer {
      const start = headSize + node.readUInt32LE(at(index) + keySize)
      const end = start + node.readUInt32LE(at(index) + keySize + 4)
      if (end > nodeSize) throw damaged(place)
      return node.subarray(start, end)
    },
  }
}

/** The first index that is right, where those that are right come last. */
function firstFrom(count: number, isRight: (index: number) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (isRight(middle)) high = middle
    else low = middle + 1
  }
  return low
}

function damaged(place: number): DiskUnreadable {
  return new DiskUnreadable(`a tree of the btrfs file system is damaged at ${String(place)}`)
}
