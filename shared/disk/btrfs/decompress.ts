import { inflateSync, zstdDecompressSync } from 'node:zlib'
import { DiskUnreadable } from '../errors.ts'

/** Compressed pieces are no longer than this when they are unpacked. */
export const largestPacked = 128 * 1024

const methods = ['none', 'zlib', 'lzo', 'zstd']

/** Unpacks what an extent holds. What is behind its end, up to the end of a sector, is not looked at. */
export function decompress(method: number, packed: Buffer, size: number): Buffer {
  if (method === 0) return packed
  if (size > largestPacked) throw damaged()
  const whole = unpack(method, packed)
  if (whole.length > size) return whole.subarray(0, size)
  return Buffer.concat([whole, Buffer.alloc(size - whole.length)])
}

function unpack(method: number, packed: Buffer): Buffer {
  try {
    if (method === 1) return inflateSync(packed, { maxOutputLength: largestPacked })
    if (method === 3) return zstdDecompressSync(frameOf(packed), { maxOutputLength: largestPacked })
  } catch (cause) {
    throw damaged(cause)
  }
  const name = methods[method] ?? `method ${String(method)}`
  throw new DiskUnreadable(`the btrfs file system has files that are compressed by ${name}, which is not read`)
}

const frameMagic = 0xfd2f_b528
const repeated = 1

/** The one frame at the beginning, as RFC 8878 has it: zstd takes what follows for another. */
function frameOf(packed: Buffer): Buffer {
  if (packed.readUInt32LE(0) !== frameMagic) throw damaged()
  const descriptor = packed.readUInt8(4)
  const isSingle = (descriptor & 0x20) !== 0
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0
  let at = 5 + (isSingle ? 0 : 1) + dictionaryBytes + sizeBytes
  for (let isLast = false; !isLast;) {
    const head = packed.readUIntLE(at, 3)
    isLast = (head & 1) === 1
    const kind = (head >> 1) & 3
    if (kind > 2) throw damaged()
    at += 3 + (kind === repeated ? 1 : head >> 3)
  }
  return packed.subarray(0, at + ((descriptor & 4) === 0 ? 0 : 4))
}

function damaged(cause?: unknown): DiskUnreadable {
  return new DiskUnreadable('the btrfs file system has a compressed piece that is damaged', { cause })
}
