import { DiskUnreadable } from '../errors.ts'
import { isItself } from '../walk.ts'

/** A name in a directory. */
export interface Name {
  readonly name: Buffer
  readonly inode: number
}

/** The names in some bytes of a directory. An index of names, which only the kernel wants, looks like one that was removed. */
export function namesIn(bytes: Buffer): Name[] {
  const names: Name[] = []
  for (let at = 0; at + 8 <= bytes.length;) {
    const inode = bytes.readUInt32LE(at)
    const length = bytes.readUInt16LE(at + 4) || 65_536
    const nameLength = bytes.readUInt8(at + 6)
    if (length < 8 || at + length > bytes.length || nameLength + 8 > length) {
      throw new DiskUnreadable('a directory is damaged')
    }
    const name = bytes.subarray(at + 8, at + 8 + nameLength)
    if (inode !== 0 && !isItself(name)) names.push({ name, inode })
    at += length
  }
  return names
}
