import { promisify } from 'node:util'
import { zstdCompress } from 'node:zlib'
import { blockSize } from '../../chunk.ts'
import { systemPython } from '#subprocess/system-python.ts'
import type { Conversion } from '../../conversion.ts'
import type { Coder } from '../../pieces/coder.ts'
import { runOnBytes } from '../../run-on-bytes.ts'

/** Of every qcow2 of ours; QEMU's own default. */
export const clusterSize = 64 * 1024
const zeros = Buffer.alloc(clusterSize)

/** Other settings of a compressor need another name: what was kept of before must not be taken for theirs. */
const names = { none: 'qcow2-none', zlib: 'qcow2-zlib-5', zstd: 'qcow2-zstd' }

/** How much of a disk is given to one run of a tool. */
const batchSize = 16 * 1024 * 1024
const piecesOfBatch = batchSize / blockSize
const clustersOfPiece = blockSize / clusterSize

/**
 * Encodes the clusters of a piece: for each its length in four bytes, little-endian, and then its bytes. A length of 0 is
 * a cluster of zeros, the length of a whole cluster is one that does not become smaller.
 */
export function createClusterCoder(compression: 'none' | 'zlib' | 'zstd', conversion: Conversion): Coder {
  const compress = { none: store, zlib: (clusters: readonly Buffer[]) => deflate(clusters, conversion), zstd }[
    compression
  ]
  return {
    name: names[compression],
    pieceSize: blockSize,
    leavesOutZeros: true,
    async encode(pieces) {
      const batches = Array.from({ length: Math.ceil(pieces.length / piecesOfBatch) }, (_, index) =>
        pieces.slice(index * piecesOfBatch, (index + 1) * piecesOfBatch),
      )
      const encoded = await Promise.all(
        batches.map((batch) => conversion.slots.within(async () => splitPieces(await compress(wholeClusters(batch))))),
      )
      return encoded.flat()
    },
  }
}

/** The clusters of an encoded piece, in order. */
export function* readClusters(encoded: Buffer): Generator<Buffer> {
  for (let at = 0; at < encoded.length;) {
    const length = encoded.readUInt32LE(at)
    yield encoded.subarray(at + 4, at + 4 + length)
    at += 4 + length
  }
}

/** The last cluster of a disk is filled with zeros. */
function wholeClusters(pieces: readonly Buffer[]): Buffer[] {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const missing = -length & (clusterSize - 1)
  return missing === 0 ? [...pieces] : [...pieces, zeros.subarray(0, missing)]
}

function splitPieces(encoded: Buffer): Buffer[] {
  const pieces: Buffer[] = []
  let start = 0
  let at = 0
  for (let count = 1; at < encoded.length; count += 1) {
    at += 4 + encoded.readUInt32LE(at)
    if (count % clustersOfPiece !== 0 && at < encoded.length) continue
    pieces.push(encoded.subarray(start, at))
    start = at
  }
  return pieces
}

/**
 * As QEMU does it: without header, with a window of 4 KiB, which is what readers have. Level 5 with memory for short blocks (7)
 * makes files of QEMU's size, which has level 6 and 9, in two thirds of its time: in a cluster that is code here and text there,
 * blocks that adapt more often win back what the shorter search loses. Not by Node's zlib: it is another one, and finds less in
 * so small a window; the files would be 2 to 5 % larger.
 */
const deflateClusters = `
import sys, zlib
size = ${String(clusterSize)}
zeros = bytes(size)
while cluster := sys.stdin.buffer.read(size):
    made = b''
    if cluster != zeros:
        deflate = zlib.compressobj(5, zlib.DEFLATED, -12, 7)
        made = deflate.compress(cluster) + deflate.flush()
        if len(made) >= size:
            made = cluster
    sys.stdout.buffer.write(len(made).to_bytes(4, 'little') + made)
`

function deflate(clusters: readonly Buffer[], conversion: Conversion): Promise<Buffer> {
  return runOnBytes(conversion, systemPython(), ['-I', '-S', '-c', deflateClusters], clusters)
}

const zstdOne = promisify(zstdCompress)

async function zstd(clusters: readonly Buffer[]): Promise<Buffer> {
  return await encodeEach(clusters, async (cluster) => {
    const made = await zstdOne(cluster)
    return made.length < clusterSize ? made : cluster
  })
}

async function store(clusters: readonly Buffer[]): Promise<Buffer> {
  return await encodeEach(clusters, (cluster) => Promise.resolve(cluster))
}

async function encodeEach(pieces: readonly Buffer[], encode: (cluster: Buffer) => Promise<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  const clusters = Buffer.concat(pieces)
  for (let start = 0; start < clusters.length; start += clusterSize) {
    const cluster = clusters.subarray(start, start + clusterSize)
    const made = cluster.equals(zeros) ? Buffer.alloc(0) : await encode(cluster)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(made.length)
    parts.push(length, made)
  }
  return Buffer.concat(parts)
}
