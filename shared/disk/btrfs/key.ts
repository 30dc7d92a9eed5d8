/** By what an item of a tree is found: the object that it is of, its type, and a third number of several meanings. */
export interface Key {
  readonly object: bigint
  readonly type: number
  readonly offset: bigint
}

export const itemType = {
  inode: 1,
  attribute: 24,
  name: 84,
  nameInOrder: 96,
  extent: 108,
  root: 132,
  chunk: 228,
} as const

export const keySize = 17

/** Reads the key at a place. */
export function readKey(bytes: Buffer, at: number): Key {
  return {
    object: bytes.readBigUInt64LE(at),
    type: bytes.readUInt8(at + 8),
    offset: bytes.readBigUInt64LE(at + 9),
  }
}

/** Below zero when one comes before the other, above when after it. */
export function compareKeys(one: Key, other: Key): number {
  const byObject = compare(one.object, other.object)
  if (byObject !== 0) return byObject
  return one.type === other.type ? compare(one.offset, other.offset) : one.type - other.type
}

function compare(one: bigint, other: bigint): number {
  return one < other ? -1 : one > other ? 1 : 0
}
