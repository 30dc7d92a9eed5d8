import type { Bytes } from '../bytes.ts'
import { decodeName } from '../decode-name.ts'
import { DiskUnreadable } from '../errors.ts'
import type { Chunk, FileSystem } from '../file-system.ts'
import { withPages } from '../pages.ts'
import { walk, type Visited } from '../walk.ts'
import { attributesOf, farPiece } from './attributes.ts'
import { namesBeside, namesEnd, namesIn, type Name } from './directory.ts'
import { extentsOf, placeOfBlock, readBlocks, type Volume } from './extents.ts'
import { readInode, type Inode } from './inode.ts'
import { assertUnmounted } from './log.ts'
import { readSuperblock } from './superblock.ts'

const largestPiece = 1024 * 1024
const longestTarget = 1024
const largestDirectory = 64 * 1024 ** 2

/** Opens XFS of version 5, as "XFS Algorithms & Data Structures" describes it. */
export async function openXfs(bytes: Bytes): Promise<FileSystem> {
  const superblock = await readSuperblock(bytes)
  await assertUnmounted({ bytes, superblock })
  const volume = { bytes: withPages(bytes), superblock }
  return {
    kind: 'xfs',
    uuid: superblock.uuid,
    label: superblock.label,
    entries: () => walk(superblock.rootInode, (number) => visit(volume, number)),
    async *read({ inode }) {
      yield* contentOf(volume, await readInode(volume, inode))
    },
  }
}

async function visit(volume: Volume, number: number): Promise<Visited<number>> {
  const inode = await readInode(volume, number)
  const { type, mode, uid, gid, size } = inode
  const isDevice = type === 'character device' || type === 'block device'
  const names = type === 'directory' ? await namesOf(volume, inode) : []
  return {
    entry: {
      type,
      mode,
      uid,
      gid,
      size,
      inode: number,
      target: type === 'symlink' ? decodeName(await targetOf(volume, inode)) : null,
      device: isDevice ? deviceOf(inode) : null,
      attributes: inode.attributes === null ? new Map() : await attributesOf(volume, inode.attributes),
    },
    names: names.map(({ name, inode: place }) => ({ name, place })),
  }
}

async function namesOf(volume: Volume, { data }: Inode): Promise<Name[]> {
  if (data.format === 'local') return namesBeside(data.bytes)
  const { blockSize, directoryBlockSize } = volume.superblock
  const names: Name[] = []
  let blocks: Buffer[] = []
  let read = 0
  for (const { logical, physical, length } of await extentsOf(volume, data)) {
    for (let index = 0; index < length && (logical + index) * blockSize < namesEnd; index += 1) {
      read += blockSize
      if (read > largestDirectory) throw new DiskUnreadable('a directory of the XFS file system is too large')
      blocks.push(await readBlocks(volume, physical + index, 1))
      if (blocks.length * blockSize < directoryBlockSize) continue
      names.push(...namesIn(Buffer.concat(blocks)))
      blocks = []
    }
  }
  return names
}

async function targetOf(volume: Volume, { number, data, size }: Inode): Promise<Buffer> {
  const damaged = () => new DiskUnreadable(`the link ${String(number)} of the XFS file system is damaged`)
  if (size > longestTarget) throw damaged()
  if (data.format === 'local') return data.bytes.subarray(0, size)
  const pieces: Buffer[] = []
  for (const { physical, length } of await extentsOf(volume, data)) {
    for (let index = 0; index < Math.min(length, longestTarget); index += 1) {
      const piece = farPiece(await readBlocks(volume, physical + index, 1), 'XSLM')
      if (piece === null) throw damaged()
      pieces.push(piece)
    }
  }
  return Buffer.concat(pieces).subarray(0, size)
}

/** Fourteen bits and eighteen. */
function deviceOf({ data }: Inode): string {
  const number = data.bytes.readUInt32BE(0)
  return `${String(number >>> 18)}:${String(number & 0x3_ffff)}`
}

async function* contentOf(volume: Volume, { data, size }: Inode): AsyncGenerator<Chunk> {
  const { blockSize } = volume.superblock
  for (const { logical, physical, length, isWritten } of await extentsOf(volume, data)) {
    if (!isWritten) continue
    const start = logical * blockSize
    const place = placeOfBlock(volume.superblock, physical)
    const end = Math.min(start + length * blockSize, size)
    for (let position = start; position < end; position += largestPiece) {
      const bytes = await volume.bytes.read(place + (position - start), Math.min(largestPiece, end - position))
      yield { position, bytes }
    }
  }
}
