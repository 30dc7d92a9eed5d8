import type { Bytes } from '../bytes.ts'
import { DiskUnreadable } from '../errors.ts'
import { itemType, type Key } from './key.ts'
import { readNumber, type Superblock } from './superblock.ts'
import { itemsOf, wholeTree, type Logical } from './tree.ts'

interface Chunk {
  readonly logical: number
  readonly length: number
  readonly physical: number
}

/** Profiles that lay a chunk out over several places, of which no single one has it all: RAID0, 10, 5 and 6. */
const striped = 0x8 | 0x40 | 0x80 | 0x100

/** Reads what trees call a place: the file system is cut into chunks, which lie anywhere on the disk. */
export async function openLogical(bytes: Bytes, superblock: Superblock): Promise<Logical> {
  const chunks = superblock.systemChunks.map(({ key, item }) => readChunk(key, item))
  const logical: Logical = {
    superblock,
    read(place, length) {
      const chunk = chunks.find((one) => place >= one.logical && place + length <= one.logical + one.length)
      if (chunk) return bytes.read(chunk.physical + (place - chunk.logical), length)
      return Promise.reject(new DiskUnreadable(`the btrfs file system has no place ${String(place)}`))
    },
  }
  const found: Chunk[] = []
  for await (const { key, data } of itemsOf(logical, superblock.chunkRoot, wholeTree)) {
    if (key.type === itemType.chunk) found.push(readChunk(key, data))
  }
  chunks.splice(0, chunks.length, ...found)
  return logical
}

function readChunk(key: Key, item: Buffer): Chunk {
  if (item.length < 80) throw new DiskUnreadable('a chunk of the btrfs file system is damaged')
  const stripes = item.readUInt16LE(44)
  if (stripes > 1 && (item.readUInt32LE(24) & striped) !== 0) {
    throw new DiskUnreadable('the btrfs file system is striped')
  }
  // Copies are alike; the first is as good as any.
  return { logical: Number(key.offset), length: readNumber(item, 0), physical: readNumber(item, 56) }
}
