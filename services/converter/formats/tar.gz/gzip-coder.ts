import { promisify } from 'node:util'
import { constants, crc32, deflateRaw } from 'node:zlib'
import { blockSize } from '../../chunk.ts'
import type { Conversion } from '../../conversion.ts'
import type { Coder } from '../../pieces/coder.ts'

const deflate = promisify(deflateRaw)

/** Part of a deflate stream that may stand anywhere in it, because it refers to nothing before it. */
export interface GzipPart {
  /** Of what it decodes to. */
  readonly crc: number
  readonly bytes: Buffer
}

/** Deflates bytes; a part that is not the last ends with a full flush, at a whole byte. */
export async function deflatePart(bytes: Buffer, { isLast }: { readonly isLast: boolean }): Promise<GzipPart> {
  const finishFlush = isLast ? constants.Z_FINISH : constants.Z_FULL_FLUSH
  return { crc: crc32(bytes), bytes: await deflate(bytes, { level: 6, memLevel: 9, finishFlush }) }
}

/** Makes of each piece the part of a gzip file, behind its CRC in four bytes. */
export function createGzipCoder({ slots }: Pick<Conversion, 'slots'>): Coder {
  const encode = async (piece: Buffer) => {
    const { crc, bytes } = await slots.within(() => deflatePart(piece, { isLast: false }))
    const head = Buffer.alloc(4)
    head.writeUInt32LE(crc)
    return Buffer.concat([head, bytes])
  }
  return {
    name: 'gzip',
    pieceSize: blockSize,
    leavesOutZeros: true,
    encode: (pieces) => Promise.all(pieces.map(encode)),
  }
}

/** The part that a piece was encoded to. */
export function readPart(encoded: Buffer): GzipPart {
  return { crc: encoded.readUInt32LE(0), bytes: encoded.subarray(4) }
}
