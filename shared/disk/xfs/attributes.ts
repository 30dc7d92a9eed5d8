import { DiskUnreadable } from '../errors.ts'
import { extentsOf, readBlocks, type Fork, type Volume } from './extents.ts'

const isLocal = 0x01
const inRoot = 0x02
const isSecure = 0x04
/** Pointers to the directories above, and what was not written to its end. */
const isNoAttribute = 0x08 | 0x80

/** The extended attributes in a fork. */
export async function attributesOf(volume: Volume, fork: Fork): Promise<Map<string, Buffer>> {
  if (fork.format === 'local') return new Map(attributesBeside(fork.bytes))
  const blocks = new Map<number, number>()
  for (const { logical, physical, length } of await extentsOf(volume, fork)) {
    if (length > mostBlocks || blocks.size > mostBlocks) throw damaged()
    for (let index = 0; index < length; index += 1) blocks.set(logical + index, physical + index)
  }
  const found = new Map<string, Buffer>()
  for (const physical of blocks.values()) {
    const block = await readBlocks(volume, physical, 1)
    if (block.readUInt16BE(8) !== leafMark) continue
    for (const { name, value, far } of attributesIn(block)) {
      found.set(name, far === null ? value : await valueAt(volume, blocks, far))
    }
  }
  return found
}

const mostBlocks = 2 ** 16
const leafMark = 0x3bee
const leafHead = 80
const farHead = 56

function prefixOf(flags: number): string {
  return (flags & isSecure) !== 0 ? 'security.' : (flags & inRoot) !== 0 ? 'trusted.' : 'user.'
}

function attributesBeside(bytes: Buffer): [string, Buffer][] {
  const found: [string, Buffer][] = []
  if (bytes.length < 4) return found
  const count = bytes.readUInt8(2)
  for (let index = 0, at = 4; index < count; index += 1) {
    if (at + 3 > bytes.length) throw damaged()
    const flags = bytes.readUInt8(at + 2)
    const value = at + 3 + bytes.readUInt8(at)
    const end = value + bytes.readUInt8(at + 1)
    if (end > bytes.length) throw damaged()
    const name = prefixOf(flags) + bytes.toString('utf8', at + 3, value)
    if ((flags & isNoAttribute) === 0) found.push([name, bytes.subarray(value, end)])
    at = end
  }
  return found
}

interface Far {
  readonly block: number
  readonly size: number
}

interface Found {
  readonly name: string
  readonly value: Buffer
  /** Where a long value is, among the blocks of the fork. */
  readonly far: Far | null
}

function attributesIn(block: Buffer): Found[] {
  const count = block.readUInt16BE(56)
  if (leafHead + count * 8 > block.length) throw damaged()
  return Array.from({ length: count }, (_, index) => leafHead + index * 8).flatMap((entry): Found[] => {
    const flags = block.readUInt8(entry + 6)
    const at = block.readUInt16BE(entry + 4)
    if ((flags & isNoAttribute) !== 0) return []
    const start = at + ((flags & isLocal) === 0 ? 9 : 3)
    if (start > block.length) throw damaged()
    const end = start + block.readUInt8(start - 1)
    const size = (flags & isLocal) === 0 ? block.readUInt32BE(at + 4) : block.readUInt16BE(at)
    const name = prefixOf(flags) + block.toString('utf8', start, end)
    if ((flags & isLocal) === 0) return [{ name, value: block, far: { block: block.readUInt32BE(at), size } }]
    if (end + size > block.length) throw damaged()
    return [{ name, value: block.subarray(end, end + size), far: null }]
  })
}

async function valueAt(volume: Volume, blocks: ReadonlyMap<number, number>, { block, size }: Far): Promise<Buffer> {
  if (size > 64 * 1024) throw damaged()
  const pieces: Buffer[] = []
  for (let left = size, at = block; left > 0; at += 1) {
    const physical = blocks.get(at)
    const bytes = physical === undefined ? null : await readBlocks(volume, physical, 1)
    const piece = bytes && farPiece(bytes, 'XARM')
    if (!piece || piece.length === 0) throw damaged()
    pieces.push(piece.subarray(0, left))
    left -= piece.length
  }
  return Buffer.concat(pieces)
}

/** What a block holds that has a head of its own: a piece of a long value, or of where a link leads. */
export function farPiece(block: Buffer, mark: string): Buffer | null {
  const end = farHead + block.readUInt32BE(8)
  return block.toString('latin1', 0, 4) === mark && end <= block.length ? block.subarray(farHead, end) : null
}

function damaged(): DiskUnreadable {
  return new DiskUnreadable('extended attributes of the XFS file system are damaged')
}
