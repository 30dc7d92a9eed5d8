import { createHash } from 'node:crypto'

/** Content is told apart in blocks of this size, whatever is made of it: every piece of a disk is a number of them. */
export const blockSize = 512 * 1024

/** A stretch of the disk, as it was read. */
export interface Chunk {
  readonly position: number
  readonly bytes: Buffer
  /** For each block in it the SHA-256 of what it holds; null where that is nothing but zeros. */
  readonly blocks: readonly (Buffer | null)[]
}

/** What is made of the disk while it is read. */
export interface DiskSink {
  /** Takes the next chunk; resolves when its bytes are needed no more. The next one may come before that. */
  readonly take: (chunk: Chunk) => Promise<void>
}

/** A part of a chunk that is encoded by itself. */
export interface Piece {
  readonly position: number
  readonly bytes: Buffer
  /** The same for all pieces that hold the same. */
  readonly content: string
  readonly isZero: boolean
}

/** Cuts a chunk into pieces. Their size must be whole blocks, and the chunk's whole pieces but at the end of the disk. */
export function cutChunk({ position, bytes, blocks }: Chunk, pieceSize: number): Piece[] {
  const pieces: Piece[] = []
  for (let start = 0; start < bytes.length; start += pieceSize) {
    const part = bytes.subarray(start, start + pieceSize)
    const held = blocks.slice(start / blockSize, (start + pieceSize) / blockSize)
    pieces.push({
      position: position + start,
      bytes: part,
      content: contentOf(held, part.length),
      isZero: held.every((block) => block === null),
    })
  }
  return pieces
}

const zeros = Buffer.alloc(32)

function contentOf(blocks: readonly (Buffer | null)[], length: number): string {
  const hash = createHash('sha256').update(String(length))
  for (const block of blocks) hash.update(block ?? zeros)
  return hash.digest('hex')
}
