import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'

/** What downloads in pieces are checked by. */
export interface PieceHashes {
  /** Bytes of all pieces but the last. */
  readonly length: number
  /** Of each piece. */
  readonly sha1: readonly Buffer[]
  readonly sha256: readonly string[]
  /** Of the whole file. */
  readonly sha512: string
}

/** Reads a file once and hashes it by pieces. */
export async function hashPieces(path: string, size: number, signal: AbortSignal): Promise<PieceHashes> {
  const length = pieceLengthOf(size)
  await using file = await open(path)
  const block = Buffer.allocUnsafeSlow(length)
  const whole = createHash('sha512')
  const sha1: Buffer[] = []
  const sha256: string[] = []
  for (let at = 0; at < size; at += length) {
    signal.throwIfAborted()
    const piece = block.subarray(0, await fill(file, block, at))
    whole.update(piece)
    sha1.push(createHash('sha1').update(piece).digest())
    sha256.push(createHash('sha256').update(piece).digest('hex'))
  }
  return { length, sha1, sha256, sha512: whole.digest('hex') }
}

const smallestPiece = 256 * 1024
/** A torrent of so many has 20 KB, a metalink 80 KB. */
const mostPieces = 1024

/** A power of two, by the size alone: so the same file always has the same info hash. */
export function pieceLengthOf(size: number): number {
  let length = smallestPiece
  while (size / length > mostPieces) length *= 2
  return length
}

/** A read may give less than was asked for. */
async function fill(
  file: Pick<Awaited<ReturnType<typeof open>>, 'read'>,
  block: Buffer,
  position: number,
): Promise<number> {
  let filled = 0
  for (;;) {
    const { bytesRead } = await file.read(block, filled, block.length - filled, position + filled)
    filled += bytesRead
    if (bytesRead === 0 || filled === block.length) return filled
  }
}
