import { hash } from 'node:crypto'
import { ArtifactCorrupted } from '#artifacts/store.ts'
import { onceSeen } from '../aws/late.ts'
import type { Region } from '../aws/region.ts'
import type { BlockList } from './block-lists.ts'
import type { Parent } from './choose-parent.ts'
import { blocksWithData, blockSize, readDisk, type Block } from './disk-blocks.ts'
import type { Extent } from '#disk/data-extents.ts'

/** What CompleteSnapshot wants to know of the blocks that were put. */
export interface Sent {
  readonly count: number
  /** Linear: the SHA-256 of the raw digests of all blocks, in order, in base64. */
  readonly checksum: string
  /** What is in the disk, and with that in the snapshot. */
  readonly blocks: BlockList
}

interface Upload {
  readonly snapshotId: string
  readonly disk: { readonly path: string; readonly sha256: string; readonly size: number }
  readonly extents: readonly Extent[]
  /** The snapshot that it was begun as; null when it began empty. */
  readonly parent: Parent | null
  readonly connections: number
  /** Told the bytes that are dealt with, each time some more are. */
  readonly onBytes: (count: number) => void
}

/**
 * Puts every block of the disk that is not all zeros, and not the same in the parent, many at once, reading the disk once; then
 * zeros where only the parent has data. Throws ArtifactCorrupted when what was read is not the disk that its digest promises.
 */
export async function uploadBlocks(region: Region, upload: Upload): Promise<Sent> {
  const { snapshotId, disk, extents, onBytes } = upload
  const inParent: BlockList = upload.parent?.blocks ?? new Map()
  const blocks = new Map<number, Buffer>()
  const put = new Map<number, Buffer>()
  const buffers = createPool(upload.connections)
  const failed = new AbortController()
  const signal = AbortSignal.any([region.pace.signal, failed.signal])
  const underway = new Set<Promise<void>>()

  const onBlock = ({ index, bytes }: Block) => {
    const digest = digestOf(bytes)
    blocks.set(index, digest)
    if (inParent.get(index)?.equals(digest) === true) onDone(bytes)
    else send({ index, bytes, digest })
  }
  const onDone = (bytes: Buffer) => {
    buffers.give(bytes)
    onBytes(blockSize)
  }
  const send = ({ index, bytes, digest }: Block & { readonly digest: Buffer }, then = onDone) => {
    put.set(index, digest)
    const block = { snapshotId, index, bytes, digest }
    // A new snapshot is not seen everywhere at once, so one that is missing may only be late.
    const sending = onceSeen(() => region.putBlock(block, signal), { ...region.pace, signal })
      .then(() => {
        then(bytes)
      })
      .catch((error: unknown) => {
        failed.abort(error)
      })
      .finally(() => underway.delete(sending))
    underway.add(sending)
  }
  const takeBuffer = () => buffers.take(signal)

  try {
    const sha256 = await readDisk(disk, { extents, takeBuffer, onBlock, onZeros: onDone, signal })
    for (const index of inParent.keys()) {
      if (blocks.has(index)) continue
      const bytes = (await takeBuffer()).fill(0)
      send({ index, bytes, digest: zerosDigest }, (zeros) => {
        buffers.give(zeros)
      })
    }
    await Promise.all(underway)
    signal.throwIfAborted()
    if (sha256 === disk.sha256) return { count: put.size, checksum: linear(put), blocks }
    throw new ArtifactCorrupted(`the disk ${disk.sha256} (raw) now reads as ${sha256}: ${disk.path}`)
  } catch (error) {
    failed.abort(error)
    await Promise.all(underway)
    throw failed.signal.reason
  }
}

const zerosDigest = digestOf(Buffer.alloc(blockSize))

function digestOf(bytes: Buffer): Buffer {
  return hash('sha256', bytes, 'buffer')
}

function linear(put: BlockList): string {
  const inOrder = [...put].toSorted(([one], [other]) => one - other).map(([, digest]) => digest)
  return digestOf(Buffer.concat(inOrder)).toString('base64')
}

/** How many bytes an upload deals with, blocks of zeros that the file system calls data included. */
export function bytesToRead(extents: readonly Extent[], size: number): number {
  return blocksWithData(extents, size).reduce((sum) => sum + blockSize, 0)
}

/** As many blocks in memory as there are connections, whatever the size of the disk. */
function createPool(size: number) {
  const free: Buffer[] = []
  const waiting: ((bytes: Buffer) => void)[] = []
  let made = 0
  return {
    async take(signal: AbortSignal): Promise<Buffer> {
      signal.throwIfAborted()
      const bytes = free.pop()
      if (bytes) return bytes
      made += 1
      if (made <= size) return Buffer.alloc(blockSize)
      const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
      const onAbort = () => {
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      waiting.push(resolve)
      return await promise.finally(() => {
        signal.removeEventListener('abort', onAbort)
      })
    },
    give(bytes: Buffer): void {
      const next = waiting.shift()
      if (next) next(bytes)
      else free.push(bytes)
    },
  }
}
