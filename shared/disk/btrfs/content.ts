import { DiskUnreadable } from '../errors.ts'
import type { Chunk } from '../file-system.ts'
import { decompress, largestPacked } from './decompress.ts'
import { itemType } from './key.ts'
import { readNumber, type TreeRoot } from './superblock.ts'
import { itemsOf, keysOf, type Logical } from './tree.ts'

const largestPiece = 1024 * 1024
/** Files may share pieces, and be packed; that one has this many times the bytes of the disk is nobody's doing but an attacker's. */
const mostShared = 64
const inline = 0
const written = 1

/** What a file holds: pieces that lie in its item, or elsewhere, packed or not. Holes are left out. */
export async function* contentOf(
  logical: Logical,
  root: TreeRoot,
  { object, size }: { readonly object: bigint; readonly size: number },
): AsyncGenerator<Chunk> {
  let end = 0
  let sum = 0
  for await (const { key, data } of itemsOf(logical, root, keysOf(object, itemType.extent))) {
    const position = Number(key.offset)
    if (data.length < 21 || position < end || position % logical.superblock.sectorSize !== 0) throw damaged(object)
    const kind = data.readUInt8(20)
    const pieces = kind === inline ? inlinePiece(data) : kind === written ? extentPieces(logical, data, object) : []
    for await (const { at, bytes } of pieces) {
      sum += bytes.length
      if (sum > mostShared * logical.superblock.size) throw damaged(object)
      const length = Math.min(bytes.length, size - position - at)
      if (length > 0) yield { position: position + at, bytes: bytes.subarray(0, length) }
      end = position + at + bytes.length
    }
  }
}

interface Piece {
  /** From the beginning of the extent's part in the file. */
  readonly at: number
  readonly bytes: Buffer
}

function inlinePiece(data: Buffer): Piece[] {
  return [{ at: 0, bytes: decompress(data.readUInt8(16), data.subarray(21), readNumber(data, 8)) }]
}

async function* extentPieces(logical: Logical, data: Buffer, object: bigint): AsyncGenerator<Piece> {
  if (data.length < 53) throw damaged(object)
  const [place, packedSize, offset, length] = [21, 29, 37, 45].map((at) => readNumber(data, at)) as [
    number,
    number,
    number,
    number,
  ]
  const method = data.readUInt8(16)
  if (place === 0) return
  if (method !== 0) {
    if (packedSize > largestPacked) throw damaged(object)
    const whole = decompress(method, await logical.read(place, packedSize), readNumber(data, 8))
    yield { at: 0, bytes: whole.subarray(offset, offset + length) }
    return
  }
  for (let at = 0; at < length; at += largestPiece) {
    yield { at, bytes: await logical.read(place + offset + at, Math.min(largestPiece, length - at)) }
  }
}

function damaged(object: bigint): DiskUnreadable {
  return new DiskUnreadable(`what lies where of inode ${String(object)} of the btrfs file system is damaged`)
}
