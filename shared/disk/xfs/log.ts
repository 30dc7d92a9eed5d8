import { chunksOf } from '../fingerprint.ts'
import { partOf } from '../bytes.ts'
import { DiskUnreadable } from '../errors.ts'
import { placeOfBlock, type Volume } from './extents.ts'

const sector = 512
const recordMark = 0xfeed_babe
const headBytes = 32 * 1024
const unmounted = 0x20

/** Refuses a file system that was not unmounted: the last record of its log says that it was. */
export async function assertUnmounted(volume: Volume): Promise<void> {
  const { start, blocks } = volume.superblock.log
  if (start === 0) throw new DiskUnreadable('the XFS file system has its log on another device')
  const log = partOf(volume.bytes, placeOfBlock(volume.superblock, start), blocks * volume.superblock.blockSize)
  let last: { readonly number: bigint; readonly at: number; readonly head: Buffer } | null = null
  for await (const { position, bytes } of chunksOf(log)) {
    for (let at = 0; at + sector <= bytes.length; at += sector) {
      if (bytes.readUInt32BE(at) !== recordMark) continue
      const number = bytes.readBigUInt64BE(at + 16)
      if (last === null || number > last.number) {
        last = { number, at: position + at, head: Buffer.from(bytes.subarray(at, at + sector)) }
      }
    }
  }
  if (last === null) return
  const heads = Math.max(1, Math.ceil(last.head.readUInt32BE(320) / headBytes))
  const operation = last.at + heads * sector
  // What a record holds may go on at the beginning of the log.
  const first = await log.read(operation % log.size, 12)
  if (last.head.readUInt32BE(40) === 1 && (first.readUInt8(9) & unmounted) !== 0) return
  throw new DiskUnreadable('the XFS file system was not unmounted, and its log holds what it lacks: mount it once')
}
