import { DiskUnreadable } from '../errors.ts'
import type { Inode, Volume } from './inode.ts'
import { readBlock } from './extents.ts'

/** What the number before a name stands for. */
const prefixes: Readonly<Record<number, string>> = {
  0: '',
  1: 'user.',
  2: 'system.posix_acl_access',
  3: 'system.posix_acl_default',
  4: 'trusted.',
  6: 'security.',
  7: 'system.',
  8: 'system.richacl',
}

const magic = 0xea02_0000

/** An extended attribute; its value may be a file of its own. */
export interface Attribute {
  readonly name: string
  readonly value: Buffer
  readonly valueInode: number
  readonly size: number
}

/** The extended attributes of an inode: those beside its fields, then those in a block of their own. */
export async function attributesOf(volume: Volume, inode: Inode): Promise<Attribute[]> {
  const found: Attribute[] = []
  const beside = inode.attributeBytes
  if (beside.length > 4 && beside.readUInt32LE(0) === magic) {
    const area = beside.subarray(4)
    found.push(...parse(area, 0, area))
  }
  if (inode.attributeBlock !== 0) {
    const block = await readBlock(volume, inode.attributeBlock)
    if (block.readUInt32LE(0) !== magic) throw damaged()
    found.push(...parse(block, 32, block))
  }
  return found
}

function* parse(area: Buffer, start: number, values: Buffer): Generator<Attribute> {
  for (let at = start; at + 4 <= area.length && area.readUInt32LE(at) !== 0;) {
    if (at + 16 > area.length) throw damaged()
    const nameLength = area.readUInt8(at)
    const prefix = prefixes[area.readUInt8(at + 1)]
    const offset = area.readUInt16LE(at + 2)
    const valueInode = area.readUInt32LE(at + 4)
    const size = area.readUInt32LE(at + 8)
    const isInside = at + 16 + nameLength <= area.length && (valueInode !== 0 || offset + size <= values.length)
    if (prefix === undefined || !isInside) throw damaged()
    const name = prefix + area.toString('utf8', at + 16, at + 16 + nameLength)
    const value = valueInode === 0 ? values.subarray(offset, offset + size) : Buffer.alloc(0)
    yield { name, value, valueInode, size }
    at += 16 + Math.ceil(nameLength / 4) * 4
  }
}

function damaged(): DiskUnreadable {
  return new DiskUnreadable('extended attributes are damaged')
}
