import { DiskUnreadable } from '../errors.ts'
import type { EntryType } from '../file-system.ts'
import { readMode } from '../inode-mode.ts'
import { placeOfBlock, type Fork, type Volume } from './extents.ts'
import { readNumber } from './superblock.ts'

export interface Inode {
  readonly number: number
  readonly type: EntryType
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly data: Fork
  /** Null when it has no extended attributes. */
  readonly attributes: Fork | null
}

const forks = 176
const formats: Readonly<Record<number, Fork['format']>> = { 0: 'device', 1: 'local', 2: 'extents', 3: 'tree' }
const realtime = 1
const largeCounters = 0x10n

/** Reads an inode by its number, which tells where it is. */
export async function readInode(volume: Volume, number: number): Promise<Inode> {
  const { inodeBits, inodeSize } = volume.superblock
  const block = Math.floor(number / 2 ** inodeBits)
  const at = placeOfBlock(volume.superblock, block) + (number % 2 ** inodeBits) * inodeSize
  const raw = await volume.bytes.read(at, inodeSize)
  const mode = readMode(raw.readUInt16BE(2))
  const isRight = raw.toString('latin1', 0, 2) === 'IN' && raw.readUInt8(4) === 3 && readNumber(raw, 152) === number
  const attributesAt = forks + raw.readUInt8(82) * 8
  if (mode === null || !isRight || attributesAt > inodeSize) throw damaged(number)
  if ((raw.readUInt16BE(90) & realtime) !== 0) {
    throw new DiskUnreadable(`inode ${String(number)} of the XFS file system lies on a real-time device`)
  }
  const hasLarge = (raw.readBigUInt64BE(120) & largeCounters) !== 0n
  const hasAttributes = attributesAt > forks
  const fork = (format: number, start: number, end: number, extentCount: number): Fork => {
    const name = formats[format]
    if (name === undefined) throw damaged(number)
    return { format: name, bytes: raw.subarray(start, end), extentCount }
  }
  return {
    number,
    ...mode,
    uid: raw.readUInt32BE(8),
    gid: raw.readUInt32BE(12),
    size: readNumber(raw, 56),
    data: fork(
      raw.readUInt8(5),
      forks,
      hasAttributes ? attributesAt : inodeSize,
      hasLarge ? readNumber(raw, 24) : raw.readUInt32BE(76),
    ),
    attributes: hasAttributes
      ? fork(raw.readUInt8(83), attributesAt, inodeSize, hasLarge ? raw.readUInt32BE(76) : raw.readUInt16BE(80))
      : null,
  }
}

function damaged(number: number): DiskUnreadable {
  return new DiskUnreadable(`inode ${String(number)} of the XFS file system is damaged`)
}
