import { DiskUnreadable } from '../errors.ts'
import { isItself } from '../walk.ts'
import { readNumber } from './superblock.ts'

/** A name in a directory. */
export interface Name {
  readonly name: Buffer
  readonly inode: number
}

/** Beyond this place of a directory there are only indexes of its names. */
export const namesEnd = 2 ** 35

/** The names of a directory that is so short that it lies in its inode. */
export function namesBeside(bytes: Buffer): Name[] {
  const count = bytes.readUInt8(0)
  const inodeBytes = bytes.readUInt8(1) > 0 ? 8 : 4
  const names: Name[] = []
  let at = 2 + inodeBytes
  for (let index = 0; index < count; index += 1) {
    const start = at + 3
    const end = start + (bytes[at] ?? 0)
    const inode = end + 1
    if (inode + inodeBytes > bytes.length) throw damaged()
    names.push({
      name: bytes.subarray(start, end),
      inode: inodeBytes === 8 ? readNumber(bytes, inode) : bytes.readUInt32BE(inode),
    })
    at = inode + inodeBytes
  }
  return names
}

const head = 64
const single = 'XDB3'
const several = 'XDD3'

/** The names in a block of a directory. In the only block of one, an index follows them. */
export function namesIn(block: Buffer): Name[] {
  const mark = block.toString('latin1', 0, 4)
  if (mark !== single && mark !== several) throw damaged()
  const end = mark === single ? block.length - 8 - block.readUInt32BE(block.length - 8) * 8 : block.length
  if (end < head) throw damaged()
  const names: Name[] = []
  for (let at = head; at < end;) {
    if (block.readUInt16BE(at) === 0xffff) {
      const length = block.readUInt16BE(at + 2)
      if (length < 8 || length % 8 !== 0) throw damaged()
      at += length
      continue
    }
    const nameEnd = at + 9 + (block[at + 8] ?? 0)
    if (at + 12 > end || nameEnd > end) throw damaged()
    const name = block.subarray(at + 9, nameEnd)
    if (!isItself(name)) names.push({ name, inode: readNumber(block, at) })
    // A byte with the type and two with the place of the entry itself end it.
    at += Math.ceil((nameEnd - at + 3) / 8) * 8
  }
  return names
}

function damaged(): DiskUnreadable {
  return new DiskUnreadable('a directory of the XFS file system is damaged')
}
