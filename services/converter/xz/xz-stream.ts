import type { DiskSink } from '../chunk.ts'
import type { Conversion } from '../conversion.ts'
import type { HashedFile } from '../hashed-file.ts'
import { createPieceFlow } from '../pieces/piece-flow.ts'
import { onlyBlock, streamEnd, streamHeader, type XzBlock } from './container.ts'
import { createSharedProof, type SharedProof } from './shared-proof.ts'
import { createXzCoder } from './xz-coder.ts'
import type { StreamPart } from './xz-file.ts'

/** The disk as one xz stream, which is written into every file that holds it as it comes. */
export interface XzStream extends DiskSink {
  /** Adds a file, before the disk is read. */
  readonly writeInto: (file: HashedFile) => void
  /** Resolves when the whole stream is written. */
  readonly done: () => Promise<StreamPart>
  readonly proof: SharedProof
}

export function createXzStream(level: number, conversion: Conversion): XzStream {
  const { disk } = conversion
  const files: HashedFile[] = []
  const blocks: Pick<XzBlock, 'unpaddedSize' | 'uncompressedSize'>[] = []
  const show = conversion.track('xz', disk.size)
  let compressedSize = 0
  const append = async (bytes: Buffer) => {
    compressedSize += bytes.length
    await Promise.all(files.map((file) => file.append(bytes)))
  }
  const flow = createPieceFlow(createXzCoder(level, conversion), {
    cache: conversion.cache,
    path: disk.path,
    async write(encoded, { position, length }) {
      if (position === 0) await append(streamHeader())
      const { bytes, unpaddedSize, uncompressedSize } = onlyBlock(encoded)
      blocks.push({ unpaddedSize, uncompressedSize })
      await append(bytes)
      show(position + length)
    },
  })
  async function end(): Promise<StreamPart> {
    await flow.done()
    await append(streamEnd(blocks))
    return { what: 'the disk', size: disk.size, sha256: disk.sha256, compressedSize }
  }
  let ended: Promise<StreamPart> | null = null
  return {
    writeInto: (file) => void files.push(file),
    take: flow.take,
    done: () => (ended ??= end()),
    proof: createSharedProof(conversion),
  }
}
