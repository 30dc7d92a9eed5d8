import type { Bytes } from '../bytes.ts'
import { decodeName } from '../decode-name.ts'
import { DiskUnreadable } from '../errors.ts'
import type { Chunk, FileSystem } from '../file-system.ts'
import { withPages } from '../pages.ts'
import { walk, type Visited } from '../walk.ts'
import { attributesOf, type Attribute } from './attributes.ts'
import { namesIn, type Name } from './directory.ts'
import { extentsOf } from './extents.ts'
import { readInode, type Inode, type Volume } from './inode.ts'
import { readSuperblock } from './superblock.ts'

const rootInode = 2
/** The attribute that holds what of an inline file does not fit beside its fields. */
const inlineRest = 'system.data'
const largestPiece = 1024 * 1024

/** Opens ext2, ext3 or ext4, as their own documents describe them (Documentation/filesystems/ext4 of the kernel). */
export async function openExt(bytes: Bytes): Promise<FileSystem> {
  const superblock = await readSuperblock(bytes)
  const volume = { bytes: withPages(bytes), superblock }
  return {
    kind: superblock.kind,
    uuid: superblock.uuid,
    label: superblock.label,
    entries: () => walk(rootInode, (number) => visit(volume, number)),
    async *read(entry) {
      const inode = await readInode(volume, entry.inode)
      yield* contentOf(volume, inode, inode.hasInlineData ? await attributesOf(volume, inode) : [])
    },
  }
}

async function visit(volume: Volume, number: number): Promise<Visited<number>> {
  const inode = await readInode(volume, number)
  const attributes = await attributesOf(volume, inode)
  const names = inode.type === 'directory' ? await namesOf(volume, inode, attributes) : []
  return {
    entry: await entryOf(volume, inode, attributes),
    names: names.map(({ name, inode: place }) => ({ name, place })),
  }
}

async function entryOf(
  volume: Volume,
  inode: Inode,
  attributes: readonly Attribute[],
): Promise<Visited<number>['entry']> {
  const { number, type, mode, uid, gid, size } = inode
  const values = new Map<string, Buffer>()
  for (const attribute of attributes) {
    if (attribute.name !== inlineRest) values.set(attribute.name, await valueOf(volume, attribute))
  }
  const isDevice = type === 'character device' || type === 'block device'
  const target = type === 'symlink' ? decodeName(await targetOf(volume, inode, attributes)) : null
  return {
    type,
    mode,
    uid,
    gid,
    size,
    inode: number,
    target,
    device: isDevice ? deviceOf(inode) : null,
    attributes: values,
  }
}

/** A long value may be kept as a file of its own. */
async function valueOf(volume: Volume, { value, valueInode, size }: Attribute): Promise<Buffer> {
  if (valueInode === 0) return value
  return await wholeOf({ ...(await readInode(volume, valueInode)), size }, volume, [])
}

async function targetOf(volume: Volume, inode: Inode, attributes: readonly Attribute[]): Promise<Buffer> {
  const isBeside = !inode.hasInlineData && inode.size < inode.block.length
  return isBeside ? inode.block.subarray(0, inode.size) : await wholeOf(inode, volume, attributes)
}

/** Numbers of devices are kept in one of two ways: small ones in the first field, others in the second. */
function deviceOf({ block }: Inode): string {
  const small = block.readUInt32LE(0)
  if (small !== 0) return `${String((small >> 8) & 0xff)}:${String(small & 0xff)}`
  const large = block.readUInt32LE(4)
  return `${String((large >> 8) & 0xfff)}:${String((large & 0xff) | ((large >>> 12) & 0xfff00))}`
}

async function namesOf(volume: Volume, inode: Inode, attributes: readonly Attribute[]): Promise<Name[]> {
  const { blockSize } = volume.superblock
  if (!inode.hasInlineData) return blocksOf(await wholeOf(inode, volume, []), blockSize).flatMap(namesIn)
  // The number of the directory above stands first.
  const rest = attributes.find(({ name }) => name === inlineRest)?.value ?? Buffer.alloc(0)
  return [...namesIn(inode.block.subarray(4)), ...namesIn(rest)]
}

function blocksOf(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
}

/** What fits in memory: directories, links, attributes. */
async function wholeOf(inode: Inode, volume: Volume, attributes: readonly Attribute[]): Promise<Buffer> {
  if (inode.size > 64 * largestPiece)
    throw new DiskUnreadable(`inode ${String(inode.number)} has ${String(inode.size)} bytes`)
  const whole = Buffer.alloc(inode.size)
  for await (const { position, bytes } of contentOf(volume, inode, attributes)) bytes.copy(whole, position)
  return whole
}

async function* contentOf(volume: Volume, inode: Inode, attributes: readonly Attribute[]): AsyncGenerator<Chunk> {
  if (inode.hasInlineData) {
    const rest = attributes.find(({ name }) => name === inlineRest)?.value ?? Buffer.alloc(0)
    yield { position: 0, bytes: Buffer.concat([inode.block, rest]).subarray(0, inode.size) }
    return
  }
  const { blockSize } = volume.superblock
  for (const { logical, physical, length } of await extentsOf(volume, inode)) {
    const start = logical * blockSize
    const end = Math.min(start + length * blockSize, inode.size)
    for (let position = start; position < end; position += largestPiece) {
      const size = Math.min(largestPiece, end - position)
      yield { position, bytes: await volume.bytes.read(physical * blockSize + (position - start), size) }
    }
  }
}
